// Logs in by name and password: `node --import tsx examples/credentials-login.ts alice wonderland`.

import { createReactor, react } from 'ropewalk';
import { limitGuesses, MemoryChecker, Portal, type Realm, UsernamePassword } from 'ropewalk/cred';

/** An avatar: what a user can do. */
class Mailbox {
  readonly owner: string;

  constructor(owner: string) {
    this.owner = owner;
  }

  count(): number {
    return this.owner.length;
  }
}

const realm: Realm<{ mailbox: Mailbox }> = {
  requestAvatar: (name) => ({
    type: 'mailbox',
    avatar: new Mailbox(name),
    logout: () => console.log(`${name} has left`),
  }),
};

await react(
  async (reactor, name = '', password = '') => {
    const users = new MemoryChecker({ alice: 'wonderland', bob: 'builder' });
    const portal = new Portal(realm, [limitGuesses(users, { clock: reactor })]);
    const login = portal.login(new UsernamePassword(name, password), {
      types: ['mailbox'],
      peer: '192.0.2.1',
    });
    const session = await login.addErrback((failure) => {
      failure.trap('ERR_UNAUTHORIZED_LOGIN', 'ERR_TOO_MANY_LOGINS');
      return undefined;
    });
    if (session === undefined) {
      console.log('the name or the password is wrong');
      return;
    }
    console.log(`${session.avatar.owner} has ${session.avatar.count()} messages`);
    await session.logout();
  },
  { reactor: createReactor(), argv: process.argv.slice(2) as [string?, string?] },
);
