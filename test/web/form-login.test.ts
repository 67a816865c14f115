/** Logins by a form. */
import { describe, expect, it } from 'vitest';
import {
  limitGuesses,
  MemoryChecker,
  Portal,
  type Realm,
  UnauthorizedLoginError,
} from '../../src/cred/index.js';
import type { AccessRecord } from '../../src/http/index.js';
import { ManualClock } from '../../src/testing/index.js';
import {
  Branch,
  contextKey,
  csrfField,
  FormLogin,
  html,
  MemorySessionStore,
  type Resource,
  sessionKey,
  sessionOf,
  withCSRF,
  withSessions,
} from '../../src/web/index.js';
import { Browser, tokenOf } from './browser.js';
import { contentOf, fieldOf, ServedSite, statusOf } from './site.js';

describe('a login by a form', () => {
  interface User {
    readonly name: string;
  }
  const USER = contextKey<User>('user');
  const CART = sessionKey<string>('cart');

  class Users implements Realm<{ user: User; admin: User }> {
    readonly gone = new Set<string>();
    loggedOut = 0;
    requestAvatar(
      name: string,
    ): { type: 'user'; avatar: User; logout(): void } | { type: 'admin'; avatar: User } {
      if (this.gone.has(name)) throw new UnauthorizedLoginError();
      return { type: 'user', avatar: { name }, logout: () => void this.loggedOut++ };
    }
  }

  function shop(clock: ManualClock = new ManualClock()): {
    browser: Browser;
    realm: Users;
    store: MemorySessionStore;
    logged: string[];
  } {
    const realm = new Users();
    const checker = new MemoryChecker({ alice: 'secret', bob: 'hunter2' });
    const portal = new Portal(realm, [limitGuesses(checker, { clock, maxPerUser: 2 })]);
    const login = new FormLogin({
      portal,
      avatar: USER,
      loginPath: '/login',
      page: ({ problem, username, next }, context) =>
        html`<form>${csrfField(context)} ${problem} ${username} ${next}</form>`,
    });
    const admin = new FormLogin({
      portal,
      avatar: USER,
      types: ['admin'],
      loginPath: '/login',
      page: () => '',
    });
    const whoAmI: Resource = {
      isLeaf: true,
      render: async (context) => {
        const session = await sessionOf(context);
        return [context.get(USER)?.name ?? null, session.get(CART) ?? null];
      },
    };
    const root = new Branch({
      login: login.form,
      logout: login.logout,
      who: login.optional(whoAmI),
      account: login.required(whoAmI),
      admin: admin.required(whoAmI),
      cart: {
        render: async (context) => {
          (await sessionOf(context)).set(CART, 'rope');
          return html`${csrfField(context)}`;
        },
      },
    });
    const store = new MemorySessionStore(clock);
    const logged: string[] = [];
    const accessLog = ({ method, target, user }: AccessRecord): void =>
      void logged.push(`${method} ${target} ${user}`);
    const site = new ServedSite(withSessions(withCSRF(root), { store, clock }), {}, { accessLog });
    return { browser: new Browser(site), realm, store, logged };
  }

  async function logIn(
    browser: Browser,
    username: string,
    password: string,
    next = '',
  ): Promise<string> {
    const token = tokenOf(await browser.get('/login'));
    return browser.post('/login', { _csrf: token, username, password, next });
  }

  it('sends users to the form, and back', async () => {
    const { browser, realm } = shop();
    const asked = await browser.get('/account/a%20b?x=1&y=2');
    expect(statusOf(asked)).toBe(303);
    const location = fieldOf(asked, 'Location') ?? '';
    expect(location).toBe('/login?next=%2Faccount%2Fa%2520b%3Fx%3D1%26y%3D2');
    const page = await browser.get(location);
    expect(page).toContain('/account/a%20b?x=1&amp;y=2');
    expect(fieldOf(page, 'Cache-Control')).toBe('no-store');
    const answer = await browser.post('/login', {
      _csrf: tokenOf(page),
      username: 'alice',
      password: 'secret',
      next: '/account/a%20b?x=1&y=2',
    });
    expect([statusOf(answer), fieldOf(answer, 'Location')]).toEqual([
      303,
      '/account/a%20b?x=1&y=2',
    ]);
    expect(contentOf(await browser.get('/account'))).toBe('["alice",null]');
    expect(realm.loggedOut).toBe(2);
  });

  it('gives the session a new id, and keeps its values', async () => {
    const { browser } = shop();
    await browser.get('/cart');
    const before = browser.cookies.get('session') as string;
    await logIn(browser, 'alice', 'secret');
    const after = browser.cookies.get('session');
    expect(after).not.toBe(before);
    expect(contentOf(await browser.get('/who'))).toBe('["alice","rope"]');
    browser.cookies.set('session', before);
    expect(contentOf(await browser.get('/who'))).toBe('[null,null]');
  });

  it('does not give the values of one user to the next', async () => {
    const { browser } = shop();
    await logIn(browser, 'alice', 'secret');
    await browser.get('/cart');
    await logIn(browser, 'bob', 'hunter2');
    expect(contentOf(await browser.get('/who'))).toBe('["bob",null]');
    await browser.get('/cart');
    await logIn(browser, 'bob', 'hunter2');
    expect(contentOf(await browser.get('/who'))).toBe('["bob","rope"]');
  });

  it('makes tokens from before it worthless', async () => {
    const { browser } = shop();
    const token = tokenOf(await browser.get('/cart'));
    await logIn(browser, 'alice', 'secret');
    expect(statusOf(await browser.post('/logout', { _csrf: token }))).toBe(403);
  });

  it.each([
    ['a wrong password', 'alice', 'wrong'],
    ['an unknown user', 'mallory', 'secret'],
    ['no password', 'alice', ''],
    ['no name', '', 'secret'],
    ['a long name', 'a'.repeat(2_000), 'secret'],
  ])('shows the page again after %s', async (_what, username, password) => {
    const { browser } = shop();
    const answer = await logIn(browser, username, password, '/account');
    expect(statusOf(answer)).toBe(403);
    expect(contentOf(answer)).toContain(`wrong ${username} /account</form>`);
    expect(contentOf(await browser.get('/who'))).toBe('[null,null]');
  });

  it('stops guesses', async () => {
    const clock = new ManualClock();
    const { browser } = shop(clock);
    for (let i = 0; i < 2; i++) await logIn(browser, 'alice', 'wrong');
    const answer = await logIn(browser, 'alice', 'secret');
    expect(statusOf(answer)).toBe(429);
    expect(fieldOf(answer, 'Retry-After')).toBe('900');
    expect(contentOf(answer)).toContain('too-many alice');
    clock.advance(900_000);
    expect(statusOf(await logIn(browser, 'alice', 'secret'))).toBe(303);
  });

  it.each([
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '',
  ])('leads to no other site: %j', async (next) => {
    const { browser } = shop();
    const answer = await logIn(browser, 'alice', 'secret', next);
    expect([statusOf(answer), fieldOf(answer, 'Location')]).toEqual([303, '/']);
    expect(await browser.get(`/login?next=${encodeURIComponent(next)}`)).not.toContain('evil');
  });

  it('is refused if another site sends the form', async () => {
    const { browser } = shop();
    const token = tokenOf(await browser.get('/login'));
    browser.origin = 'http://evil.example';
    const form = { _csrf: token, username: 'alice', password: 'secret' };
    expect(statusOf(await browser.post('/login', form))).toBe(403);
    // Also without withCSRF.
    const clock = new ManualClock();
    const portal = new Portal(new Users(), [new MemoryChecker({ alice: 'secret' })]);
    const login = new FormLogin({ portal, avatar: USER, loginPath: '/login', page: () => '' });
    const store = new MemorySessionStore(clock);
    const bare = new Branch({ login: login.form, logout: login.logout });
    const other = new Browser(new ServedSite(withSessions(bare, { store, clock })));
    other.origin = 'http://evil.example';
    expect(statusOf(await other.post('/login', form))).toBe(403);
    expect(statusOf(await other.post('/logout', {}))).toBe(403);
    other.origin = 'http://a';
    expect(statusOf(await other.post('/login', form))).toBe(303);
  });

  it('ends by the logout, only by POST', async () => {
    const { browser, store } = shop();
    await logIn(browser, 'alice', 'secret');
    expect(statusOf(await browser.get('/logout'))).toBe(405);
    expect(contentOf(await browser.get('/who'))).toBe('["alice",null]');
    const token = tokenOf(await browser.get('/login'));
    const answer = await browser.post('/logout', { _csrf: token });
    expect([statusOf(answer), fieldOf(answer, 'Location')]).toEqual([303, '/']);
    expect(browser.cookies.size).toBe(0);
    expect(store.size).toBe(0);
  });

  it('names the user in the access log', async () => {
    const { browser, logged } = shop();
    await browser.get('/account');
    await logIn(browser, 'alice', 'wrong');
    await logIn(browser, 'alice', 'secret');
    await browser.get('/account');
    const token = tokenOf(await browser.get('/login'));
    await browser.post('/logout', { _csrf: token });
    await browser.get('/who');
    expect(logged).toEqual([
      'GET /account undefined',
      ...['GET /login undefined', 'POST /login undefined'],
      ...['GET /login undefined', 'POST /login alice'],
      ...['GET /account alice', 'GET /login undefined', 'POST /logout alice'],
      'GET /who undefined',
    ]);
  });

  it('ends if the realm does not know the user any more', async () => {
    const { browser, realm, store } = shop();
    await logIn(browser, 'alice', 'secret');
    realm.gone.add('alice');
    expect(statusOf(await browser.get('/account'))).toBe(303);
    expect(store.size).toBe(0);
  });

  it('refuses users who have another avatar, and other methods of users who have not logged in', async () => {
    const { browser } = shop();
    const token = tokenOf(await browser.get('/login'));
    expect(statusOf(await browser.post('/account', { _csrf: token }))).toBe(403);
    await logIn(browser, 'alice', 'secret');
    expect(statusOf(await browser.get('/admin'))).toBe(403);
    expect(contentOf(await browser.get('/who'))).toBe('["alice",null]');
  });

  it.each<[object, string]>([
    [{ loginPath: 'login' }, 'loginPath'],
    [{ loginPath: '//a' }, 'loginPath'],
    [{ loginPath: undefined }, 'loginPath'],
    [{ afterLogin: 'https://a' }, 'afterLogin'],
    [{ afterLogout: '' }, 'afterLogout'],
    [{ page: 1 }, 'page'],
    [{ portal: new Portal(new Users(), []) }, 'passwords'],
    [{ avatar: 1 }, 'avatar'],
    [{ peerOf: 1 }, 'peerOf'],
  ])('refuses %j', (wrong, message) => {
    const portal = new Portal(new Users(), [new MemoryChecker({})]);
    const options = { portal, avatar: USER, loginPath: '/login', page: () => '', ...wrong };
    expect(() => new FormLogin(options as never)).toThrow(message);
  });
});
