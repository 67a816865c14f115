/** Sessions: when a browser gets one, what ends it, its ids and its cookie. */
import { describe, expect, it } from 'vitest';
import { HTTPSequenceError } from '../../src/http/index.js';
import { flushLoggedErrors, ManualClock } from '../../src/testing/index.js';
import {
  MemorySessionStore,
  MissingWrapperError,
  type SessionStore,
  type SessionsOptions,
  SessionTooLargeError,
  sessionKey,
  sessionOf,
  withSessions,
} from '../../src/web/index.js';
import { COUNT, counting, idOf, NAME, type Render, siteOf } from './session-site.js';
import { contentOf, fieldOf, ServedSite, statusOf } from './site.js';

describe('a session', () => {
  it('is kept from request to request', async () => {
    const { site, store } = siteOf(counting);
    const first = await site.get('/');
    expect(contentOf(first)).toBe('1');
    expect(fieldOf(first, 'Cache-Control')).toBe('no-store');
    const id = idOf(first);
    const second = await site.get('/', `Cookie: other=1; session=${id}`);
    expect(contentOf(second)).toBe('2');
    expect(fieldOf(second, 'Set-Cookie')).toBeUndefined();
    expect(fieldOf(second, 'Vary')).toBe('Cookie');
    expect(store.size).toBe(1);
  });

  it('sets no cookie, and stores nothing, until a value is stored', async () => {
    const { site, store } = siteOf((session) => {
      session.delete(COUNT);
      return String(session.get(COUNT)) + session.isNew;
    });
    const answer = await site.get('/');
    expect(contentOf(answer)).toBe('undefinedtrue');
    expect(fieldOf(answer, 'Set-Cookie')).toBeUndefined();
    expect(store.size).toBe(0);
  });

  it('costs nothing in a request that does not ask for it', async () => {
    const clock = new ManualClock();
    const store: SessionStore = new Proxy({} as SessionStore, {
      get: () => () => expect.fail('the store was used'),
    });
    const site = new ServedSite(
      withSessions({ isLeaf: true, render: () => 'hi' }, { store, clock }),
    );
    const answer = await site.get('/', `Cookie: session=${'a'.repeat(43)}`);
    expect(answer).not.toContain('Vary');
    expect(contentOf(answer)).toBe('hi');
  });

  it('has only a digest of its id in the store', async () => {
    const names: string[] = [];
    const { site, store } = siteOf(counting);
    const create = store.create.bind(store);
    store.create = (name, ...rest) => {
      names.push(name);
      create(name, ...rest);
    };
    const id = idOf(await site.get('/'));
    expect(names.length).toBe(1);
    expect(names[0]).not.toContain(id);
    expect(contentOf(await site.get('/', `Cookie: session=${names[0]}`))).toBe('1');
  });

  it('has ids of 256 random bits', async () => {
    let byte = 0;
    const sizes: number[] = [];
    const { site } = siteOf(counting, {
      randomBytes: (size) => {
        sizes.push(size);
        return Buffer.alloc(size, byte++);
      },
    });
    const ids = [idOf(await site.get('/')), idOf(await site.get('/'))];
    expect(sizes).toEqual([32, 32]);
    expect(ids).toEqual([
      Buffer.alloc(32).toString('base64url'),
      Buffer.alloc(32, 1).toString('base64url'),
    ]);
  });

  it.each([
    ['unknown', 'A'.repeat(43)],
    ['short', 'abc'],
    ['empty', ''],
    ['long', 'a'.repeat(2_000)],
    ['with other characters', `${'a'.repeat(42)}/`],
    ['in quotes', `"${'a'.repeat(43)}"`],
  ])('never adopts an id of the client: %s', async (_what, id) => {
    const { site } = siteOf(counting);
    const answer = await site.get('/', `Cookie: session=${id}`);
    expect(contentOf(answer)).toBe('1');
    expect(idOf(answer)).not.toBe(id);
  });

  it('is none if there are several ids, which another host of the site may have set', async () => {
    const { site } = siteOf(counting);
    const [one, other] = [idOf(await site.get('/')), idOf(await site.get('/'))];
    expect(contentOf(await site.get('/', `Cookie: session=${one}; session=${other}`))).toBe('1');
    expect(contentOf(await site.get('/', `Cookie: session=${one}; session=${one}`))).toBe('2');
  });

  it('leaves the cookie of a session that it does not find: another answer may just have set it', async () => {
    const { site } = siteOf((session) => String(session.isNew));
    const answer = await site.get('/', `Cookie: session=${'A'.repeat(43)}`);
    expect(fieldOf(answer, 'Set-Cookie')).toBeUndefined();
  });

  it('is the same object for all who ask', async () => {
    const { site } = siteOf(async (session, context) =>
      String((await sessionOf(context)) === session),
    );
    expect(contentOf(await site.get('/'))).toBe('true');
  });

  it('gives values that are copies, in JSON', async () => {
    const LIST = sessionKey<string[]>('list');
    const { site } = siteOf((session) => {
      session.set(LIST, ['a']);
      session.get(LIST)?.push('b');
      expect(() => session.set(COUNT, undefined as never)).toThrow('a value that JSON preserves');
      expect(() => session.set(COUNT, 1n as never)).toThrow(TypeError);
      return [session.get(LIST), session.names, session.delete(LIST), session.delete(LIST)];
    });
    expect(contentOf(await site.get('/'))).toBe('[["a"],["list"],true,false]');
  });

  it('has a limit of bytes', async () => {
    const { site } = siteOf(
      (session) => {
        session.set(NAME, 'a'.repeat(80));
        session.set(NAME, 'b'.repeat(94));
        expect(() => session.set(COUNT, 123_456)).toThrow(SessionTooLargeError);
        expect(() => session.set(NAME, '€'.repeat(32))).toThrow(SessionTooLargeError);
        return [session.get(COUNT) ?? null, session.get(NAME)?.length];
      },
      { maxBytes: 100 },
    );
    expect(contentOf(await site.get('/'))).toBe('[null,94]');
  });

  it('ends when it is unused for the idle time', async () => {
    const { site, clock } = siteOf(counting, { idleTimeoutMs: 10_000, lifetimeMs: 60_000 });
    const cookie = `Cookie: session=${idOf(await site.get('/'))}`;
    clock.advance(9_999);
    expect(contentOf(await site.get('/', cookie))).toBe('2');
    clock.advance(9_999);
    expect(contentOf(await site.get('/', cookie))).toBe('3');
    clock.advance(10_000);
    expect(contentOf(await site.get('/', cookie))).toBe('1');
  });

  it('ends at the end of its lifetime, however much it is used', async () => {
    const { site, clock } = siteOf(counting, { idleTimeoutMs: 10_000, lifetimeMs: 15_000 });
    const cookie = `Cookie: session=${idOf(await site.get('/'))}`;
    clock.advance(9_000);
    expect(contentOf(await site.get('/', cookie))).toBe('2');
    clock.advance(6_000);
    expect(contentOf(await site.get('/', cookie))).toBe('1');
  });

  it('can be ended', async () => {
    const { site, store } = siteOf(async (session, context) => {
      if (context.request.path === '/logout') {
        await session.end();
        return String(session.get(COUNT));
      }
      return counting(session, context);
    });
    const cookie = `Cookie: session=${idOf(await site.get('/'))}`;
    const answer = await site.get('/logout', cookie);
    expect(contentOf(answer)).toBe('undefined');
    expect(fieldOf(answer, 'Set-Cookie')).toBe(
      'session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax',
    );
    expect(store.size).toBe(0);
    expect(contentOf(await site.get('/', cookie))).toBe('1');
  });

  it('begins again with another id if values are set after its end', async () => {
    const { site } = siteOf(async (session) => {
      await session.end();
      session.set(NAME, 'new');
      return [session.get(COUNT) ?? null, session.get(NAME)];
    });
    const answer = await site.get('/');
    idOf(answer);
    expect(contentOf(answer)).toBe('[null,"new"]');
    expect(answer.match(/Set-Cookie/g)?.length).toBe(1);
  });
});

describe('a new id', () => {
  const login: Render = async (session, context) => {
    if (context.request.path === '/login') {
      await session.renew({ restart: true });
      session.set(NAME, 'alice');
    } else if (context.request.path === '/renew') await session.renew();
    return [session.get(COUNT) ?? null, session.get(NAME) ?? null];
  };

  it('makes the old one worthless: who fixed it is not logged in', async () => {
    const { site } = siteOf((session, context) => {
      if (context.request.path === '/') session.set(COUNT, 7);
      return login(session, context);
    });
    const fixed = idOf(await site.get('/'));
    const answer = await site.get('/login', `Cookie: session=${fixed}`);
    const id = idOf(answer);
    expect(id).not.toBe(fixed);
    expect(contentOf(answer)).toBe('[7,"alice"]');
    expect(contentOf(await site.get('/who', `Cookie: session=${id}`))).toBe('[7,"alice"]');
    expect(contentOf(await site.get('/who', `Cookie: session=${fixed}`))).toBe('[null,null]');
  });

  it('does nothing without a session', async () => {
    const { site, store } = siteOf(login);
    const answer = await site.get('/renew');
    expect(fieldOf(answer, 'Set-Cookie')).toBeUndefined();
    expect(store.size).toBe(0);
  });

  it('keeps the times of the session unless they are to begin again', async () => {
    const { site, clock } = siteOf(
      (session, context) => {
        if (context.request.path === '/') session.set(COUNT, 7);
        return login(session, context);
      },
      { idleTimeoutMs: 20_000, lifetimeMs: 20_000 },
    );
    const first = idOf(await site.get('/'));
    clock.advance(15_000);
    const second = idOf(await site.get('/renew', `Cookie: session=${first}`));
    clock.advance(4_000);
    const third = idOf(await site.get('/login', `Cookie: session=${second}`));
    clock.advance(19_000);
    expect(contentOf(await site.get('/who', `Cookie: session=${third}`))).toBe('[7,"alice"]');
    clock.advance(1_000);
    expect(contentOf(await site.get('/who', `Cookie: session=${third}`))).toBe('[null,null]');
  });

  it('has nothing of a session that ended meanwhile', async () => {
    const { site, store } = siteOf(async (session, context) => {
      if (context.request.path === '/') session.set(COUNT, 7);
      else {
        store.clear();
        session.set(NAME, 'alice');
        await session.renew({ restart: true });
      }
      return [session.get(COUNT) ?? null, session.get(NAME) ?? null];
    });
    const first = idOf(await site.get('/'));
    const answer = await site.get('/login', `Cookie: session=${first}`);
    expect(contentOf(answer)).toBe('[null,"alice"]');
    expect(idOf(answer)).not.toBe(first);
  });

  it('must come before the head of the response', async () => {
    const { site } = siteOf(async (session, { response }) => {
      response.write('a');
      expect(() => session.renew()).toThrow(HTTPSequenceError);
      expect(() => session.end()).toThrow(HTTPSequenceError);
      expect(() => session.set(COUNT, 1)).toThrow(HTTPSequenceError);
      response.end();
    });
    expect(statusOf(await site.get('/'))).toBe(200);
  });
});

describe('the cookie of a session', () => {
  it.each<[NonNullable<SessionsOptions['cookie']>, string]>([
    [{}, 'session=ID; Path=/; HttpOnly; SameSite=Lax'],
    [{ secure: true }, '__Host-session=ID; Path=/; Secure; HttpOnly; SameSite=Lax'],
    [
      { secure: true, path: '/app' },
      '__Secure-session=ID; Path=/app; Secure; HttpOnly; SameSite=Lax',
    ],
    [
      { secure: true, domain: 'a.example', sameSite: 'None' },
      '__Secure-session=ID; Domain=a.example; Path=/; Secure; HttpOnly; SameSite=None',
    ],
    [
      { name: 'sid', sameSite: 'Strict', persistent: true },
      'sid=ID; Max-Age=43200; Path=/; HttpOnly; SameSite=Strict',
    ],
  ])('%j', async (cookie, line) => {
    const { site } = siteOf(counting, { cookie });
    const set = fieldOf(await site.get('/'), 'Set-Cookie') ?? '';
    expect(set.replace(/=[\w-]{43};/, '=ID;')).toBe(line);
    const [pair] = set.split(';');
    expect(contentOf(await site.get('/', `Cookie: ${pair}`))).toBe('2');
  });

  it.each<[NonNullable<SessionsOptions['cookie']>, string]>([
    [{ name: 'a b' }, 'not a token'],
    [{ name: '__Host-a', secure: false }, 'needs Secure'],
    [{ name: '__Host-a' }, 'needs Secure'],
    [{ sameSite: 'None' }, 'needs Secure'],
    [{ path: 'a' }, 'Path'],
    [{ httpOnly: false } as never, 'httpOnly'],
    [{ persistent: 1 as never }, 'persistent'],
  ])('is refused when the site is made: %j', (cookie, message) => {
    expect(() => siteOf(counting, { cookie })).toThrow(message);
  });

  it('stays beside other cookies that the resource sets', async () => {
    const { site } = siteOf(async (session, { response }) => {
      response.addField('Set-Cookie', 'a=1').setField('Cache-Control', 'private');
      session.set(COUNT, 1);
      await session.end();
      response.addField('Set-Cookie', 'b=2');
      session.set(COUNT, 2);
      return 'hi';
    });
    const answer = await site.get('/');
    expect([...answer.matchAll(/^Set-Cookie: ([^=]+)=/gm)].map(([, name]) => name)).toEqual([
      'a',
      'b',
      'session',
    ]);
    expect(fieldOf(answer, 'Cache-Control')).toBe('private');
  });
});

describe('sessionOf', () => {
  it('needs the wrapper', async () => {
    const problems: unknown[] = [];
    const site = new ServedSite({
      render: (context) => {
        try {
          sessionOf(context);
        } catch (error) {
          problems.push(error);
        }
        return '';
      },
    });
    await site.get('/');
    expect(problems[0]).toBeInstanceOf(MissingWrapperError);
    expect(String(problems[0])).toContain('withSessions');
  });
});

describe('withSessions', () => {
  it.each<[Partial<SessionsOptions>, string]>([
    [{ store: {} as never }, 'load of the store'],
    [{ clock: 1 as never }, 'clock'],
    [{ idleTimeoutMs: 999 }, 'idleTimeoutMs'],
    [{ lifetimeMs: 401 * 86_400_000 }, 'lifetimeMs'],
    [{ maxBytes: 0 }, 'maxBytes'],
    [{ storeTimeoutMs: 0 }, 'storeTimeoutMs'],
    [{ randomBytes: 1 as never }, 'randomBytes'],
    [{ ttl: 1 } as never, 'ttl'],
  ])('refuses %j', (options, message) => {
    expect(() => siteOf(counting, options)).toThrow(message);
  });

  it('reports a source of too few random bytes', async () => {
    const { site } = siteOf(counting, { randomBytes: () => Buffer.alloc(16) });
    expect(statusOf(await site.get('/'))).toBe(500);
    expect(String(flushLoggedErrors()[0]?.error)).toContain('randomBytes must be 32 bytes, not 16');
  });

  it('refuses a function, and keys that belong to the package', () => {
    const clock = new ManualClock();
    const store = new MemorySessionStore(clock);
    expect(() => withSessions((() => '') as never, { store, clock })).toThrow('{ render: ... }');
    expect(() => sessionKey('$user')).toThrow('first is not $');
    expect(() => sessionKey('')).toThrow('name');
  });
});
