/** The users of `ropewalk socks --auth`. */
import type { Reactor } from '../core/reactor.js';
import { checkerOf } from '../cred/checker.js';
import {
  type CheckerStringOptions,
  checkerFromString,
  type StringChecker,
} from '../cred/checker-strings.js';
import type { UsernamePassword } from '../cred/credentials.js';
import { InvalidCheckerError } from '../cred/errors.js';
import { limitGuesses } from '../cred/limit-guesses.js';
import { PasswordHasher } from '../cred/passwords/password-hasher.js';
import { Portal } from '../cred/portal.js';
import type { Realm } from '../cred/realm.js';
import { socksAuthentication } from '../cred/socks-authentication.js';
import type { SocksServerOptions } from '../protocols/socks/server.js';
import { checkerPlugins } from './plugin-checkers.js';
import { UsageError } from './usage-error.js';

/** Users who have logged in may use the proxy: the avatar is only a name. */
const NAMES: Realm<{ user: string }, unknown, unknown> = {
  requestAvatar: (id) => ({ type: 'user', avatar: String(id) }),
};

/**
 * The option `authenticate` of the proxy: one of the checkers has to accept a user. Failed logins are limited by peer and user.
 * @param texts The values of `--auth`. Without any, the proxy asks for no password.
 * @throws UsageError its message contains nothing of the values.
 */
export function socksUsers(
  reactor: Reactor,
  texts: readonly string[],
): SocksServerOptions['authenticate'] {
  if (texts.length === 0) return undefined;
  const options = { hasher: new PasswordHasher(), types: checkerPlugins(process.cwd()) };
  const users = new Portal(
    NAMES,
    texts.map((text) => passwordChecker(text, options)),
  );
  // A user of the second checker is no failure of the first: the limits are those of all checkers together.
  const any = checkerOf<UsernamePassword, string>(['password'], (credentials, { peer }) => {
    const login = users.login(credentials, peer === undefined ? {} : { peer });
    return login.addCallback(({ avatar }) => avatar);
  });
  return socksAuthentication(new Portal(NAMES, [limitGuesses(any, { clock: reactor })]));
}

/** @throws UsageError */
function passwordChecker(text: string, options: CheckerStringOptions): StringChecker {
  let checker: StringChecker;
  try {
    checker = checkerFromString(text, options);
  } catch (error) {
    if (error instanceof InvalidCheckerError) throw new UsageError(`--auth: ${error.message}`);
    throw error;
  }
  if (checker.kinds.includes('password')) return checker;
  throw new UsageError(
    `--auth takes a checker of passwords, such as file:PATH or unix; this one checks: ${checker.kinds.join(', ')}`,
  );
}
