/** User name and password of a SOCKS client as a login. */
import type { Address } from '../core/address.js';
import type { Deferred } from '../defer/deferred.js';
import type { AnyChecker, CredentialsOf } from './checker.js';
import { UsernamePassword } from './credentials.js';
import { LoginFailedError } from './errors.js';
import type { AvatarTypeOf, Portal } from './portal.js';
import type { AnyRealm, AvatarIdOf, AvatarsOf } from './realm.js';
import type { SessionOf } from './session.js';

/** A portal with a checker for user names and passwords. */
type PasswordPortal<R extends AnyRealm, Checker extends AnyChecker<AvatarIdOf<R>>> =
  UsernamePassword extends CredentialsOf<Checker> ? Portal<R, Checker> : never;

/**
 * The option `authenticate` of a SOCKS proxy. Each client logs in when it connects and logs out when its connection ends. Wrong
 * passwords and reached limits refuse the client; other errors are reported and end the connection.
 *
 * @param type The type of avatar that is requested. Default: any.
 * @example new SocksServerFactory(reactor, { authenticate: socksAuthentication(portal) });
 */
export function socksAuthentication<R extends AnyRealm, Checker extends AnyChecker<AvatarIdOf<R>>>(
  portal: PasswordPortal<R, Checker> & Portal<R, Checker>,
  type?: AvatarTypeOf<R>,
): (
  username: string,
  password: string,
  peer: Address,
) => Deferred<SessionOf<AvatarsOf<R>, AvatarTypeOf<R>> | false> {
  return (username, password, peer) => {
    const credentials = new UsernamePassword(
      username,
      password,
    ) as unknown as CredentialsOf<Checker>;
    const host = 'host' in peer ? { peer: peer.host } : {};
    const types = type === undefined ? {} : { types: [type] };
    return portal
      .login(credentials, { ...types, ...host })
      .addErrback<false>((failure) => failure.trap(LoginFailedError) && false);
  };
}
