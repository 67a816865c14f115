// A login by a form, and pages for users who have logged in: `node --import tsx examples/web-login.ts --port 8080`, then open
// http://localhost:8080/account and log in as alice with the password wonderland.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { limitGuesses, MemoryChecker, Portal, type Realm } from 'ropewalk/cred';
import {
  Branch,
  contextKey,
  csrfField,
  FormLogin,
  html,
  MemorySessionStore,
  serveSite,
  withCSRF,
  withSessions,
} from 'ropewalk/web';

interface User {
  readonly name: string;
}

const USER = contextKey<User>('user');
const realm: Realm<{ user: User }> = {
  requestAvatar: (name) => ({ type: 'user', avatar: { name } }),
};

const { port } = parseArgs({ options: { port: { type: 'string', default: '8080' } } }).values;
const reactor = createReactor();
const users = new MemoryChecker({ alice: 'wonderland' }); // FileChecker reads files of hashed passwords
const portal = new Portal(realm, [limitGuesses(users, { clock: reactor })]);

const login = new FormLogin({
  portal,
  avatar: USER,
  loginPath: '/login',
  page: ({ problem, username, next }, context) => html`<!doctype html><title>Log in</title>
    ${problem === 'wrong' && html`<p>The name or the password is wrong.</p>`}
    ${problem === 'too-many' && html`<p>Too many attempts: try again later.</p>`}
    <form method="post" action="/login">${csrfField(context)}
      <input type="hidden" name="next" value="${next}">
      <label>Name <input name="username" value="${username}" autocomplete="username"></label>
      <label>Password <input name="password" type="password" autocomplete="current-password"></label>
      <button>Log in</button>
    </form>`,
});

const root = new Branch({
  '': login.optional({ render: (context) => `Hello, ${context.get(USER)?.name ?? 'visitor'}!\n` }),
  login: login.form,
  logout: login.logout,
  account: login.required({
    render: (context) => html`<!doctype html><p>You are ${context.get(USER)?.name}.</p>
      <form method="post" action="/logout">${csrfField(context)}<button>Log out</button></form>`,
  }),
});

const store = new MemorySessionStore(reactor);
const site = withSessions(withCSRF(root), { store, clock: reactor });
const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
const server = await serveSite(reactor, endpoint, site);
console.log(`login listening on ${server.getHost()}`);
await reactor.run();
