/** Users of a forward proxy: Proxy-Authorization with the scheme Basic (RFC 9110 section 11.7, RFC 7617). */
import type { Address } from '../core/address.js';
import type { AnyChecker, CredentialsOf } from '../cred/checker.js';
import type { UsernamePassword } from '../cred/credentials.js';
import type { AvatarTypeOf, Portal } from '../cred/portal.js';
import type { AnyRealm, AvatarIdOf } from '../cred/realm.js';
import { socksAuthentication } from '../cred/socks-authentication.js';

/** A user who is logged in while the request is in progress. */
export interface ProxyUser {
  /** Called when the response, or the tunnel, has ended. */
  logout?(): unknown;
}

/**
 * Decides about a user name and password, for each request: everything but true and a user refuses them. The user is logged out when the request has ended.
 */
export type ProxyAuthenticate = (
  username: string,
  password: string,
  peer: Address,
) => boolean | ProxyUser | PromiseLike<boolean | ProxyUser>;

/** A portal with a checker for user names and passwords. */
type PasswordPortal<R extends AnyRealm, Checker extends AnyChecker<AvatarIdOf<R>>> =
  UsernamePassword extends CredentialsOf<Checker> ? Portal<R, Checker> : never;

/**
 * The option `authenticate` of a forward proxy. Each request logs in and logs out. Wrong passwords and reached limits are answered with
 * 407.
 *
 * @param type The type of avatar that is requested. Default: any.
 * @example new ForwardProxy(reactor, { authenticate: proxyAuthentication(portal) });
 */
export function proxyAuthentication<R extends AnyRealm, Checker extends AnyChecker<AvatarIdOf<R>>>(
  portal: PasswordPortal<R, Checker> & Portal<R, Checker>,
  type?: AvatarTypeOf<R>,
): ProxyAuthenticate {
  // The exchange is the same as with SOCKS 5: a name, a password, and the address of the client.
  return socksAuthentication(portal, type) as ProxyAuthenticate;
}
