/** Functions that all logins of requests use. */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import type { TooManyLoginsError } from '../../cred/errors.js';
import { Portal } from '../../cred/portal.js';
import type { Session } from '../../cred/session.js';
import type { Deferred } from '../../defer/deferred.js';
import { checkString } from '../../internal/check.js';
import { reportError } from '../../internal/error-report.js';
import { ContextKey } from '../context-key.js';
import type { WebContext } from '../web-context.js';

/** The address of the client, for limits of guesses. Undefined if it has none. */
export function peerOf({ request }: WebContext): string | undefined {
  const { remoteAddress } = request;
  return 'host' in remoteAddress ? remoteAddress.host : undefined;
}

/** Names the user in the access log, if the avatar id is a name or a number: other ids may contain secrets. */
export function noteUser({ request }: WebContext, avatarId: unknown): void {
  const isName = typeof avatarId === 'string' || typeof avatarId === 'number';
  request.user = isName || typeof avatarId === 'bigint' ? String(avatarId) : undefined;
}

/** The login was cancelled because the client has gone: nobody reports the reason of the signal. */
export function reasonOf(context: WebContext, error: unknown): unknown {
  const { signal } = context;
  return signal.aborted ? signal.reason : error;
}

/** @returns Whole seconds after which another login makes sense. */
export function retryAfterSeconds({ retryAfterMs = 1_000 }: TooManyLoginsError): number {
  return Math.max(1, Math.ceil(retryAfterMs / 1_000));
}

/** Answers with 403: a login with other credentials would not help, or is asked for elsewhere. */
export function forbid(context: WebContext, reason: string): undefined {
  context.logRefusal('info', 403, reason);
  context.response.sendStatus(403);
}

/** Cancels a login that is in progress when the client goes. Most are complete at once, and need no signal, which is expensive. */
export function cancelledWith<T>(context: WebContext, login: Deferred<T>): Deferred<T> {
  return login.fired && !login.paused ? login : login.cancelOn(context.signal);
}

/** The option `peer` of logins. */
export function peerOption(peer: string | undefined): { peer?: string } {
  return peer === undefined ? {} : { peer };
}

/** Logs out when the response has ended. */
export function logOutAtEnd(context: WebContext, session: Session<string, unknown>): void {
  const { request, response } = context;
  response.whenEnded(() => {
    session.logout().addErrback(({ value }) => {
      reportError(value, 'logout', request.remoteAddress);
    });
  });
}

/** @throws InvalidArgumentTypeError */
export function checkPortal<P>(portal: P): P {
  if (portal instanceof Portal) return portal;
  throw new InvalidArgumentTypeError('portal', 'a Portal', portal);
}

/** @throws InvalidArgumentTypeError */
export function checkAvatarKey<T>(key: ContextKey<T>): ContextKey<T> {
  if (key instanceof ContextKey) return key;
  throw new InvalidArgumentTypeError('avatar', 'the result of contextKey', key);
}

/** @throws InvalidArgumentTypeError */
export function checkTypes<T>(types: readonly T[]): readonly T[] {
  if (!Array.isArray(types)) throw new InvalidArgumentTypeError('types', 'an array', types);
  for (const type of types) checkString('an element of types', type);
  return types;
}
