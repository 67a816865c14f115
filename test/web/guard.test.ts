/** Logins with each request: Basic, Digest, Bearer, and nobody in particular. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  Anonymous,
  AnonymousChecker,
  type AnyChecker,
  BearerToken,
  type Credentials,
  checkerOf,
  digestAuthorization,
  limitGuesses,
  MemoryChecker,
  Portal,
  type Realm,
  TokenChecker,
  UnauthorizedLoginError,
  type UsernamePassword,
} from '../../src/cred/index.js';
import { Deferred } from '../../src/defer/deferred.js';
import type { AccessRecord } from '../../src/http/index.js';
import { Protocol } from '../../src/index.js';
import { flushLoggedErrors, ManualClock } from '../../src/testing/index.js';
import {
  basicScheme,
  bearerScheme,
  type ContextKey,
  contextKey,
  digestScheme,
  type GuardScheme,
  type Resource,
  type WebContext,
  withGuard,
} from '../../src/web/index.js';
import { contentOf, fieldOf, get, ServedSite, statusOf } from './site.js';

interface User {
  readonly name: string;
}

const USER = contextKey<User>('user');

class Users implements Realm<{ user: User }, unknown, unknown> {
  readonly loggedOut: string[] = [];
  requestAvatar(id: unknown): { type: 'user'; avatar: User; logout(): void } {
    const name = typeof id === 'string' ? id : 'anonymous';
    return { type: 'user', avatar: { name }, logout: () => void this.loggedOut.push(name) };
  }
}

function guarded(
  checkers: readonly AnyChecker[],
  schemes: readonly GuardScheme[],
  render: (context: WebContext) => unknown = (context) => context.get(USER)?.name,
): { site: ServedSite; realm: Users } {
  const realm = new Users();
  const portal = new Portal(realm, checkers as readonly AnyChecker<unknown>[]);
  const site = new ServedSite(
    withGuard(
      { isLeaf: true, render: render as never },
      { portal, schemes: schemes as never, avatar: USER as ContextKey<User> },
    ),
  );
  return { site, realm };
}

const basic = (text: string): string =>
  `Authorization: Basic ${Buffer.from(text).toString('base64')}`;
const CHECKER = new MemoryChecker({ alice: 'secret', Jörg: 'paß:wort' });

describe('Basic', () => {
  const site = (): ServedSite => guarded([CHECKER], [basicScheme('the "realm"')]).site;
  const CHALLENGE = 'Basic realm="the \\"realm\\"", charset="UTF-8"';

  it.each([
    ['alice:secret', 'alice'],
    ['Jörg:paß:wort', 'Jörg'],
  ])('lets %s in', async (text, name) => {
    const answer = await site().get('/', basic(text));
    expect(contentOf(answer)).toBe(Buffer.from(name).toString('latin1'));
    expect(fieldOf(answer, 'WWW-Authenticate')).toBeUndefined();
  });

  // RFC 7617 section 2.
  it('reads the example of the RFC', async () => {
    const checker = new MemoryChecker({ Aladdin: 'open sesame', test: '123£' });
    const { site } = guarded([checker], [basicScheme('r')]);
    const field = (token: string): string => `Authorization: Basic ${token}`;
    expect(contentOf(await site.get('/', field('QWxhZGRpbjpvcGVuIHNlc2FtZQ==')))).toBe('Aladdin');
    expect(contentOf(await site.get('/', field('dGVzdDoxMjPCow==')))).toBe('test');
    expect(contentOf(await site.get('/', field('dGVzdDoxMjPCow')))).toBe('test');
  });

  it.each([
    ['no field', []],
    ['a wrong password', [basic('alice:wrong')]],
    ['an unknown user', [basic('mallory:secret')]],
    ['no colon', [basic('alice')]],
    ['a control character', [basic('alice:sec\nret')]],
    ['no base64', ['Authorization: Basic ali:ce']],
    ['bits behind the end', ['Authorization: Basic YWxpY2U6c2VjcmV0MR==']],
    ['bytes that are not UTF-8', ['Authorization: Basic /zr/']],
    ['an empty token', ['Authorization: Basic ']],
    ['another scheme', ['Authorization: Bearer abc']],
    ['an empty field', ['Authorization: ']],
    ['two fields', [basic('alice:secret'), basic('alice:secret')]],
  ])('refuses %s, always with the same answer', async (_what, fields) => {
    const answer = await site().get('/', ...fields);
    expect(statusOf(answer)).toBe(401);
    expect(fieldOf(answer, 'WWW-Authenticate')).toBe(CHALLENGE);
    expect(contentOf(answer)).toBe('401 Unauthorized\n');
  });

  it('ignores the case of its name', async () => {
    const token = Buffer.from('alice:secret').toString('base64');
    expect(statusOf(await site().get('/', `Authorization: BASIC  ${token}`))).toBe(200);
  });
});

describe('Bearer', () => {
  const { site } = guarded(
    [new TokenChecker([['abc.def-_~+/==', 'alice']])],
    [bearerScheme('api')],
  );

  it.each<[string, string[], string | undefined]>([
    ['a valid token', ['Authorization: Bearer abc.def-_~+/=='], undefined],
    ['no token', [], 'Bearer realm="api"'],
    ['another scheme', [basic('a:b')], 'Bearer realm="api"'],
    [
      'an unknown token',
      ['Authorization: Bearer xyz'],
      'Bearer realm="api", error="invalid_token"',
    ],
    [
      'a malformed token',
      ['Authorization: Bearer a b'],
      'Bearer realm="api", error="invalid_token"',
    ],
    ['an empty token', ['Authorization: Bearer'], 'Bearer realm="api", error="invalid_token"'],
  ])('with %s', async (_what, fields, challenge) => {
    const answer = await site.get('/', ...fields);
    expect(statusOf(answer)).toBe(challenge === undefined ? 200 : 401);
    expect(fieldOf(answer, 'WWW-Authenticate')).toBe(challenge);
  });
});

describe('Digest', () => {
  const answerTo = (challenge: string, uri = '/a?b=c', method = 'GET'): string => {
    const value = digestAuthorization(challenge, {
      ...{ username: 'alice', password: 'secret', method, uri },
    });
    return `Authorization: ${value}`;
  };
  const served = (clock: ManualClock): ServedSite =>
    guarded([CHECKER], [digestScheme({ realm: 'files', clock, algorithms: ['SHA-256'] })]).site;

  it('lets a user in who answers its challenge, once', async () => {
    const site = served(new ManualClock());
    const challenge = fieldOf(await site.get('/a?b=c'), 'WWW-Authenticate') ?? '';
    expect(challenge).toMatch(/^Digest realm="files", qop="auth", algorithm=SHA-256, nonce="/);
    const field = answerTo(challenge);
    expect(contentOf(await site.get('/a?b=c', field))).toBe('alice');
    const again = await site.get('/a?b=c', field);
    expect(statusOf(again)).toBe(401);
    expect(fieldOf(again, 'WWW-Authenticate')).toContain('stale=true');
  });

  it('refuses an answer for another target or method', async () => {
    const site = served(new ManualClock());
    const challenge = fieldOf(await site.get('/a'), 'WWW-Authenticate') ?? '';
    expect(statusOf(await site.get('/b', answerTo(challenge, '/a')))).toBe(401);
    expect(statusOf(await site.get('/a', answerTo(challenge, '/a', 'POST')))).toBe(401);
    expect(statusOf(await site.get('/a', answerTo(challenge, '/a')))).toBe(200);
  });

  it('challenges again when a nonce is old', async () => {
    const clock = new ManualClock();
    const site = served(clock);
    const challenge = fieldOf(await site.get('/a'), 'WWW-Authenticate') ?? '';
    clock.advance(300_001);
    const answer = await site.get('/a', answerTo(challenge, '/a'));
    expect(statusOf(answer)).toBe(401);
    expect(fieldOf(answer, 'WWW-Authenticate')).toContain('stale=true');
  });
});

describe('a guard', () => {
  it('offers all schemes, and reports a problem for that of the client', async () => {
    const tokens = new TokenChecker([['t', 'alice']]);
    const { site } = guarded([CHECKER, tokens], [bearerScheme('r'), basicScheme('r')]);
    const answer = await site.get('/', 'Authorization: Bearer x');
    const challenges = [...answer.matchAll(/^WWW-Authenticate: (.*)\r$/gm)].map(([, text]) => text);
    expect(challenges).toEqual([
      'Bearer realm="r", error="invalid_token"',
      'Basic realm="r", charset="UTF-8"',
    ]);
    expect(contentOf(await site.get('/', 'Authorization: Bearer t'))).toBe('alice');
    expect(contentOf(await site.get('/', basic('alice:secret')))).toBe('alice');
  });

  it('lets nobody in particular in if the portal does, and not with wrong credentials', async () => {
    const { site } = guarded([CHECKER, new AnonymousChecker()], [basicScheme('r')]);
    expect(contentOf(await site.get('/'))).toBe('anonymous');
    expect(statusOf(await site.get('/', basic('alice:wrong')))).toBe(401);
    expect(statusOf(await site.get('/', 'Authorization: Bearer x'))).toBe(401);
    expect(new Anonymous().kind).toBe('anonymous');
  });

  it('logs the user out at the end of the response', async () => {
    const gate = new Deferred<void>();
    const { site, realm } = guarded([CHECKER], [basicScheme('r')], async function* () {
      yield 'a';
      await gate;
      yield 'b';
    });
    await site.get('/', basic('alice:secret'));
    expect(realm.loggedOut).toEqual([]);
    gate.callback(undefined);
    expect(await site.later()).toContain('b');
    expect(realm.loggedOut).toEqual(['alice']);
  });

  it('logs the user out when the client goes, or at the end of an upgraded connection', async () => {
    const { site, realm } = guarded([CHECKER], [basicScheme('r')], (context) => {
      if (context.request.path === '/wait') return new Deferred(() => undefined);
      context.request.upgrade(new Protocol());
      return undefined;
    });
    site.receive(get('/wait', basic('alice:secret')));
    await site.later();
    site.transport.peerResets();
    site.transport.settle();
    expect(realm.loggedOut.splice(0)).toEqual(['alice']);
    site.connect();
    site.receive(get('/', basic('alice:secret'), 'Connection: upgrade', 'Upgrade: any'));
    await site.later();
    expect(realm.loggedOut).toEqual([]);
    site.transport.peerCloses();
    site.transport.settle();
    expect(realm.loggedOut).toEqual(['alice']);
  });

  it('cancels a login when the client goes, without a report', async () => {
    let cancelled = 0;
    const slow = checkerOf(
      ['password'],
      (_c: UsernamePassword) => new Deferred<string>(() => cancelled++),
    );
    const { site } = guarded([slow], [basicScheme('r')]);
    site.receive(get('/', basic('alice:secret')));
    site.transport.peerResets();
    site.transport.settle();
    await site.later();
    expect(cancelled).toBe(1);
    expect(flushLoggedErrors()).toEqual([]);
  });

  it('answers with 429 after too many guesses, also to a right password', async () => {
    const clock = new ManualClock();
    const limited = limitGuesses(CHECKER, { clock, maxPerPeer: 2, windowMs: 60_000 });
    const { site } = guarded([limited], [basicScheme('r')]);
    expect(statusOf(await site.get('/', basic('alice:1')))).toBe(401);
    expect(statusOf(await site.get('/', basic('alice:2')))).toBe(401);
    const answer = await site.get('/', basic('alice:secret'));
    expect(statusOf(answer)).toBe(429);
    expect(fieldOf(answer, 'Retry-After')).toBe('60');
    clock.advance(60_000);
    expect(statusOf(await site.get('/', basic('alice:secret')))).toBe(200);
  });

  it('passes the address of the client, or what a function says', async () => {
    const peers: unknown[] = [];
    const checker = checkerOf(['password'], (_c: UsernamePassword, { peer }) => {
      peers.push(peer);
      throw new UnauthorizedLoginError();
    });
    const portal = new Portal(new Users(), [checker]);
    const resource = { render: () => '' };
    const schemes = [basicScheme('r')];
    for (const peerOf of [{}, { peerOf: () => '192.0.2.7' }, { peerOf: () => undefined }]) {
      const site = new ServedSite(
        withGuard(resource, { portal, schemes, avatar: USER, ...peerOf }),
      );
      await site.get('/', basic('a:b'));
    }
    expect(peers).toEqual([expect.stringMatching(/^[\d.]+$/), '192.0.2.7', undefined]);
  });

  it('names the user in the access log, if the avatar id is a name or a number', async () => {
    const users: unknown[] = [];
    const ids = new Map<string, unknown>([
      ['n', 7],
      ['b', 7n],
      ['o', { password: 'secret' }],
      ['s', 'alice'],
    ]);
    const tokens = checkerOf(['bearer'], ({ token }: BearerToken): unknown => {
      if (ids.has(token)) return ids.get(token);
      throw new UnauthorizedLoginError();
    });
    const portal = new Portal(new Users(), [
      tokens,
      new AnonymousChecker(),
    ] as readonly AnyChecker<unknown>[]);
    const named = { render: ({ request }: WebContext) => (request.user ??= 'by the resource') };
    const options = { portal, schemes: [bearerScheme('r')] as never, avatar: USER };
    const accessLog = ({ user, status }: AccessRecord): void =>
      void users.push(`${status} ${user}`);
    const log = (resource: Resource): ServedSite =>
      new ServedSite(withGuard(resource, options), {}, { accessLog });
    const site = log({ render: () => '' });
    for (const token of ids.keys()) await site.get('/', `Authorization: Bearer ${token}`);
    await site.get('/');
    await site.get('/', 'Authorization: Bearer alice');
    await log(named).get('/', 'Authorization: Bearer o');
    expect(users).toEqual([
      ...['200 7', '200 7', '200 undefined', '200 alice', '200 undefined', '401 undefined'],
      '200 by the resource',
    ]);
  });

  it('reports errors of checkers, and shows nothing of them', async () => {
    const broken = checkerOf(['password'], (_c: UsernamePassword): string => {
      throw new Error('the database is down');
    });
    const { site } = guarded([broken], [basicScheme('r')]);
    const answer = await site.get('/', basic('alice:secret'));
    expect(statusOf(answer)).toBe(500);
    expect(answer).not.toContain('database');
    expect(String(flushLoggedErrors()[0]?.error)).toContain('the database is down');
  });

  it('knows the kinds of credentials and the types of avatars', () => {
    const portal = new Portal(new Users(), [CHECKER]);
    const resource = { render: () => '' };
    // @ts-expect-error: no checker accepts tokens.
    withGuard(resource, { portal, schemes: [bearerScheme('r')], avatar: USER });
    const other = contextKey<{ other: number }>('other');
    // @ts-expect-error: the avatars of the realm are users.
    withGuard(resource, { portal, schemes: [basicScheme('r')], avatar: other });
    expectTypeOf<Credentials>().toMatchTypeOf<{ kind: string }>();
    expect(new BearerToken('a').kind).toBe('bearer');
  });

  it.each<[object, string]>([
    [{ portal: {} }, 'portal'],
    [{ schemes: [] }, 'schemes'],
    [{ schemes: [{ scheme: 'a' }] }, 'decode'],
    [{ avatar: 'user' }, 'avatar'],
    [{ types: 'user' }, 'types'],
    [{ peerOf: 1 }, 'peerOf'],
    [{ scheme: 1 }, 'scheme'],
  ])('refuses %j', (wrong, message) => {
    const portal = new Portal(new Users(), [CHECKER]);
    const options = { portal, schemes: [basicScheme('r')], avatar: USER, ...wrong };
    expect(() => withGuard({ render: () => '' }, options as never)).toThrow(message);
    expect(() => basicScheme('a\r\nb')).toThrow('realm');
    expect(() => bearerScheme('ä')).toThrow('realm');
  });
});
