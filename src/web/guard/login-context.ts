/** Functions that all logins of requests use. */
import type { TooManyLoginsError } from '../../cred/errors.js';
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
