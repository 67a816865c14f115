/** Portals: the only way from credentials to an avatar. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import type { Deferred } from '../defer/deferred.js';
import { fail } from '../defer/succeed.js';
import { checkAbortSignal, checkFunction, checkObject, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { AnyChecker, CredentialsChecker, CredentialsOf } from './checker.js';
import type { Credentials } from './credentials.js';
import { UnhandledCredentialsError } from './errors.js';
import { LoginAttempt } from './login-attempt.js';
import type { AnyRealm, AvatarIdOf, AvatarsOf, MindOf, Realm } from './realm.js';
import type { SessionOf } from './session.js';

/** The names of the types of avatars of a realm. */
export type AvatarTypeOf<R extends AnyRealm> = keyof AvatarsOf<R> & string;

export interface LoginOptions<Type extends string = string, Mind = unknown> {
  /** The types of avatars that the caller can use, in order of preference. Default: any. */
  readonly types?: readonly Type[];
  /** The client's side of the connection, for the avatar to call. */
  readonly mind?: Mind;
  /** The address of the peer, for limits and rules of checkers. */
  readonly peer?: string;
  /** Cancels the login, as `cancel` of the Deferred does. */
  readonly signal?: AbortSignal;
}

const OPTIONS: OptionNames<LoginOptions> = {
  types: true,
  mind: true,
  peer: true,
  signal: true,
};

/**
 * Connects checkers with a realm. A protocol that has received credentials needs nothing else.
 *
 * If several checkers accept a kind of credentials, they are asked in their order until one accepts them. An error other than
 * UnauthorizedLoginError ends the login.
 *
 * @example
 * const portal = new Portal(realm, [new MemoryChecker({ alice: 'secret' })]);
 * const session = await portal.login(new UsernamePassword(name, password), { types: ['mailbox'] });
 * session.avatar.list();
 */
export class Portal<R extends AnyRealm, Checker extends AnyChecker<AvatarIdOf<R>>> {
  readonly realm: R;
  readonly #byKind: Map<string, CredentialsChecker<Credentials, unknown>[]> = new Map();

  /** @throws InvalidArgumentTypeError */
  constructor(realm: R, checkers: readonly Checker[]) {
    checkObject('realm', realm);
    checkFunction('requestAvatar of the realm', realm.requestAvatar);
    if (!Array.isArray(checkers)) {
      throw new InvalidArgumentTypeError('checkers', 'an array of checkers', checkers);
    }
    this.realm = realm;
    for (const checker of checkers) this.#register(checker);
  }

  /** The kinds of credentials that can log in. */
  get kinds(): readonly string[] {
    return [...this.#byKind.keys()];
  }

  /**
   * Logs a user in. If the Deferred is cancelled, the checker's Deferred is cancelled, and an avatar that arrives
   * nevertheless is logged out at once.
   *
   * Fails with UnauthorizedLoginError: the credentials are wrong. TooManyLoginsError: a limit was reached.
   * UnhandledCredentialsError: no checker accepts the kind. CancelledError. NoAvatarError: the realm returned no avatar of a
   * requested type. Other errors are those that a checker or the realm threw.
   *
   * @throws InvalidArgumentTypeError, UnknownOptionError
   */
  login<Type extends AvatarTypeOf<R> = AvatarTypeOf<R>>(
    credentials: CredentialsOf<Checker>,
    options: LoginOptions<Type, MindOf<R>> = {},
  ): Deferred<SessionOf<AvatarsOf<R>, Type>> {
    const given = credentials as Credentials;
    checkObject('credentials', given);
    checkString('kind of the credentials', given.kind);
    const checkers = this.#byKind.get(given.kind);
    const attempt = this.#attempt('login', checkers ?? [], options);
    const { deferred } = attempt;
    if (checkers === undefined) {
      deferred.addErrback(() => undefined);
      return fail(new UnhandledCredentialsError(given.kind, this.kinds));
    }
    if (!deferred.fired) attempt.start(given);
    return deferred as unknown as Deferred<SessionOf<AvatarsOf<R>, Type>>;
  }

  /**
   * Gives a user the avatar without credentials: for callers that know who the user is, because they keep the `avatarId` of an
   * earlier login where nobody else can change it, such as in a session of a web site. No checker is asked. Otherwise like {@link login}.
   *
   * @throws InvalidArgumentTypeError, UnknownOptionError
   */
  admit<Type extends AvatarTypeOf<R> = AvatarTypeOf<R>>(
    avatarId: AvatarIdOf<R>,
    options: LoginOptions<Type, MindOf<R>> = {},
  ): Deferred<SessionOf<AvatarsOf<R>, Type>> {
    const attempt = this.#attempt('admit', [], options);
    const { deferred } = attempt;
    if (!deferred.fired) attempt.admit(avatarId);
    return deferred as unknown as Deferred<SessionOf<AvatarsOf<R>, Type>>;
  }

  #attempt(
    what: string,
    checkers: readonly CredentialsChecker<Credentials, unknown>[],
    options: LoginOptions,
  ): LoginAttempt {
    checkOptions(what, options, OPTIONS);
    const { types = [], mind, peer, signal } = options;
    if (!Array.isArray(types)) throw new InvalidArgumentTypeError('types', 'an array', types);
    for (const type of types) checkString('an element of types', type);
    if (peer !== undefined) checkString('peer', peer);
    if (signal !== undefined) checkAbortSignal('signal', signal);
    const realm = this.realm as unknown as Realm<Record<string, unknown>, unknown, unknown>;
    const attempt = new LoginAttempt(checkers, realm, { types, mind, peer });
    if (signal !== undefined) attempt.deferred.cancelOn(signal);
    return attempt;
  }

  #register(checker: Checker): void {
    checkObject('a checker', checker);
    checkFunction('requestAvatarId of a checker', checker.requestAvatarId);
    const kinds: unknown = checker.kinds;
    if (!Array.isArray(kinds)) {
      throw new InvalidArgumentTypeError('kinds of a checker', 'an array of texts', kinds);
    }
    for (const kind of new Set<string>(kinds)) {
      checkString('a kind of a checker', kind);
      const others = this.#byKind.get(kind) ?? [];
      this.#byKind.set(kind, [
        ...others,
        checker as unknown as CredentialsChecker<Credentials, unknown>,
      ]);
    }
  }
}
