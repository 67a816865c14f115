/** The options of sessions, guards, forms and cookies. */
import { MemoryChecker, Portal } from '../../src/cred/index.js';
import { RequestCookies, serializeSetCookie } from '../../src/http/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import {
  basicScheme,
  contextKey,
  digestScheme,
  Form,
  FormLogin,
  MemorySessionStore,
  RedisSessionStore,
  withCSRF,
  withGuard,
  withSessions,
} from '../../src/web/index.js';
import { SessionSettings } from '../../src/web/sessions/session-settings.js';
import { WebSession } from '../../src/web/sessions/web-session.js';
import { and, type Call } from './option-calls.js';

const root = { render: () => '' };
const clock = new ManualClock();
const store = new MemorySessionStore(clock);
const avatar = contextKey<string>('user');
const portal = new Portal({ requestAvatar: (id: string) => ({ type: 'user', avatar: id }) }, [
  new MemoryChecker({}),
]);
const login = { portal, avatar, loginPath: '/login', page: () => '' };
const session = new WebSession(new SessionSettings({ store, clock }), {
  response: { headSent: false },
} as never);

export const WEB_STATE_CALLS: Readonly<Record<string, readonly Call[]>> = {
  CSRFOptions: [(o) => withCSRF(root, o)],
  DigestSchemeOptions: [(o) => digestScheme(and(o, { realm: 'r', clock }))],
  FormLoginOptions: [(o) => new FormLogin(and(o, login))],
  FormOptions: [(o) => new Form({}, o)],
  GuardOptions: [(o) => withGuard(root, and(o, { portal, avatar, schemes: [basicScheme('r')] }))],
  MemorySessionStoreOptions: [(o) => new MemorySessionStore(clock, o)],
  RedisSessionStoreOptions: [(o) => new RedisSessionStore({ call: async () => null }, o)],
  RenewOptions: [(o) => session.renew(o)],
  RequestCookiesOptions: [(o) => new RequestCookies('', o)],
  SessionCookieOptions: [(o) => withSessions(root, { store, clock, cookie: o })],
  SessionsOptions: [(o) => withSessions(root, and(o, { store, clock }))],
  SetCookie: [(o) => serializeSetCookie(and(o, { name: 'a', value: 'b' }))],
};
