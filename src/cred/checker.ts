/** The interface of checkers of credentials, and a checker made of a function. */
import type { CallbackResult } from '../defer/deferred.js';
import { checkFunction } from '../internal/check.js';
import type { Credentials } from './credentials.js';

/** Facts about a login besides its credentials. */
export interface LoginContext {
  /** The address of the peer, for limits and rules; undefined if the caller of `login` did not pass it. */
  readonly peer: string | undefined;
  /** Aborts when the login is cancelled: its result is not used then. */
  readonly signal: AbortSignal;
}

/**
 * Decides whether credentials are valid, and whose they are.
 *
 * A checker does the same amount of work for an unknown user as for a wrong password, and fails with the same error.
 */
export interface CredentialsChecker<C extends Credentials = Credentials, Id = string> {
  /** The kinds of credentials that it checks. */
  readonly kinds: readonly C['kind'][];
  /**
   * @returns The avatar id: any value except undefined, null, booleans and the empty string.
   * @throws UnauthorizedLoginError, or fails with it: the credentials are wrong. Any other error is one of this side.
   */
  requestAvatarId(credentials: C, context: LoginContext): CallbackResult<Id>;
}

/** Any checker that returns ids of this type. */
export interface AnyChecker<Id = unknown> {
  readonly kinds: readonly string[];
  requestAvatarId(credentials: never, context: LoginContext): CallbackResult<Id>;
}

/** The credentials that a checker, or one of several, accepts. */
export type CredentialsOf<Checker> =
  Checker extends CredentialsChecker<infer C, unknown> ? C : never;

/**
 * A checker that calls a function, such as a look-up in a database.
 *
 * @example
 * const tokens = checkerOf(['bearer'], async ({ token }: BearerToken) => {
 *   const user = await userOfToken(sha256(token));
 *   if (user === undefined) throw new UnauthorizedLoginError();
 *   return user;
 * });
 * @throws InvalidArgumentTypeError
 */
export function checkerOf<C extends Credentials, Id>(
  kinds: readonly NoInfer<C>['kind'][],
  requestAvatarId: (credentials: C, context: LoginContext) => CallbackResult<Id>,
): CredentialsChecker<C, Id> {
  checkFunction('requestAvatarId', requestAvatarId);
  return { kinds: [...kinds], requestAvatarId };
}
