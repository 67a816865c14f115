/** Stores of sessions: what requests at the same time do to each other, and stores that fail. */
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import { fail } from '../../src/defer/succeed.js';
import { HTTPStatusError } from '../../src/http/index.js';
import { captureLoggedErrors, flushLoggedErrors, ManualClock } from '../../src/testing/index.js';
import {
  html,
  MemorySessionStore,
  type Resource,
  type SessionStore,
  type SessionStoreError,
  type SessionsOptions,
  sessionKey,
  sessionOf,
  withSessions,
} from '../../src/web/index.js';
import { COUNT, counting, idOf, NAME, siteOf } from './session-site.js';
import { checkSessionStore } from './session-store-contract.js';
import { contentOf, fieldOf, get, ServedSite, statusOf } from './site.js';

describe('the session store in memory', () => {
  checkSessionStore(() => {
    const clock = new ManualClock();
    const store = new MemorySessionStore(clock);
    return {
      store,
      pass: async (ms) => {
        clock.advance(ms);
      },
    };
  });

  it('ends the session that was unused for the longest time if there are too many', () => {
    const clock = new ManualClock();
    const store = new MemorySessionStore(clock, { maxSessions: 2 });
    const times = { idleMs: 60_000, lifetimeMs: 60_000 };
    store.create('a', new Map(), times);
    store.create('b', new Map(), times);
    store.load('a', 60_000);
    store.create('c', new Map(), times);
    expect(store.size).toBe(2);
    expect(store.load('b', 60_000)).toBeUndefined();
    expect(store.load('a', 60_000)).toBeDefined();
  });

  it('removes expired sessions, and has no delayed call without sessions', () => {
    const clock = new ManualClock();
    const store = new MemorySessionStore(clock);
    store.create('a', new Map(), { idleMs: 1_000, lifetimeMs: 60_000 });
    store.create('b', new Map(), { idleMs: 100_000, lifetimeMs: 100_000 });
    expect(clock.getDelayedCalls().length).toBe(1);
    clock.advance(60_000);
    expect(store.size).toBe(1);
    clock.advance(60_000);
    expect(store.size).toBe(0);
    expect(clock.getDelayedCalls()).toEqual([]);
    store.create('c', new Map(), { idleMs: 1_000, lifetimeMs: 1_000 });
    store.clear();
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('refuses wrong options', () => {
    const clock = new ManualClock();
    expect(() => new MemorySessionStore(clock, { maxSessions: 0 })).toThrow('maxSessions');
    expect(() => new MemorySessionStore({} as never)).toThrow('clock');
  });
});

describe('requests of one session at the same time', () => {
  /** A site whose requests wait until they are released, with the values that they set. */
  function waiting(): {
    site: ServedSite;
    store: MemorySessionStore;
    begin(path: string, id: string): Promise<string>;
    release(path: string): void;
  } {
    const gates = new Map<string, Deferred<void>>();
    const { site, store, clock } = siteOf(async (session, { request }) => {
      const [, key = '', value] = request.path.split('/');
      if (key === 'end') await session.end();
      if (key === 'read')
        return Object.fromEntries(session.names.map((n) => [n, session.get(sessionKey(n))]));
      const gate = new Deferred<void>();
      gates.set(request.path, gate);
      if (value !== 'now' && key !== 'end') await gate;
      if (key !== 'end') session.set(sessionKey(key), value);
      return 'done';
    });
    void clock;
    return {
      site,
      store,
      begin: (path, id) => {
        site.connect();
        const { transport } = site;
        transport.receive(get(path, ...(id === '' ? [] : [`Cookie: session=${id}`])));
        return site.later().then(() => {
          transport.settle();
          return transport.takeWritten().toString();
        });
      },
      release: (path) => gates.get(path)?.callback(undefined),
    };
  }

  it('keep changes of different keys, and the last change of the same key', async () => {
    const { site, begin, release } = waiting();
    const id = idOf(await site.get('/first/now'));
    for (const path of ['/a/1', '/b/2', '/c/3', '/c/4']) await begin(path, id);
    for (const path of ['/c/4', '/a/1', '/c/3', '/b/2']) release(path);
    await site.later();
    expect(JSON.parse(contentOf(await site.get('/read', `Cookie: session=${id}`)))).toEqual({
      first: 'now',
      a: '1',
      b: '2',
      c: '3',
    });
  });

  it('do not bring a session back that one of them ends', async () => {
    const { site, store, begin, release } = waiting();
    const id = idOf(await site.get('/first/now'));
    await begin('/a/1', id);
    await begin('/end', id);
    release('/a/1');
    await site.later();
    expect(store.size).toBe(0);
    expect(contentOf(await site.get('/read', `Cookie: session=${id}`))).toBe('{}');
  });
});

describe('a store that fails', () => {
  const failing = (what: keyof SessionStore, how: () => never): Partial<SessionsOptions> => {
    const clock = new ManualClock();
    const store = new MemorySessionStore(clock);
    store[what] = how as never;
    return { store };
  };

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
    ['fails', () => fail(new Error('down'))],
    ['rejects', () => Promise.reject(new Error('down'))],
  ])('is answered with 503: it %s', async (_how, load) => {
    const { site } = siteOf(counting, failing('load', load as never));
    using errors = captureLoggedErrors();
    const answer = await site.get('/', `Cookie: session=${'a'.repeat(43)}`);
    expect(statusOf(answer)).toBe(503);
    expect(answer).not.toContain('down');
    const [logged] = errors.flush();
    const { code, cause } = (logged as { error: unknown }).error as SessionStoreError;
    expect([code, (cause as Error).message]).toEqual(['ERR_SESSION_STORE', 'down']);
    expect(statusOf(await site.get('/'))).toBe(200);
  });

  it('is answered with 503 when a session cannot be stored, without its cookie', async () => {
    const { site } = siteOf(
      counting,
      failing('create', () => {
        throw new Error('down');
      }),
    );
    const answer = await site.get('/');
    expect(statusOf(answer)).toBe(503);
    expect(fieldOf(answer, 'Set-Cookie')).toBeUndefined();
    expect(flushLoggedErrors().length).toBe(1);
  });

  it('is answered with 503 in time if it does not answer, and not waited for', async () => {
    let cancelled = 0;
    const hanging = failing('load', (() => new Deferred(() => cancelled++)) as never);
    const { site, clock } = siteOf(counting, { ...hanging, storeTimeoutMs: 2_000 });
    expect(await site.get('/', `Cookie: session=${'a'.repeat(43)}`)).toBe('');
    clock.advance(1_999);
    expect(await site.later()).toBe('');
    clock.advance(1);
    expect(statusOf(await site.later())).toBe(503);
    expect(cancelled).toBe(1);
    expect(flushLoggedErrors().length).toBe(1);
  });

  it('can be handled by the resource', async () => {
    const clock = new ManualClock();
    const store = new MemorySessionStore(clock);
    store.load = () => {
      throw new Error('down');
    };
    const resource: Resource = {
      render: (context) =>
        sessionOf(context).addCallbacks(
          () => 'a session',
          (failure) => {
            failure.trap('ERR_SESSION_STORE');
            return 'without a session';
          },
        ),
    };
    const site = new ServedSite(withSessions(resource, { store, clock }));
    const answer = await site.get('/', `Cookie: session=${'a'.repeat(43)}`);
    expect(contentOf(answer)).toBe('without a session');
  });
});

describe('the changes of a request', () => {
  it('are dropped if it fails', async () => {
    const { site, store } = siteOf((session, context) => {
      session.set(COUNT, 1);
      if (context.request.path === '/fails') throw new HTTPStatusError(400);
      return String(session.get(NAME));
    });
    const answer = await site.get('/fails');
    expect(statusOf(answer)).toBe(400);
    expect(fieldOf(answer, 'Set-Cookie')).toBeUndefined();
    expect(store.size).toBe(0);
  });

  it('are stored before the answer is sent', async () => {
    const stored = new Deferred<void>();
    const { site, store } = siteOf(counting);
    const create = store.create.bind(store);
    store.create = ((...args: Parameters<typeof create>) =>
      stored.addCallback(() => create(...args))) as never;
    expect(await site.get('/')).toBe('');
    stored.callback(undefined);
    expect(contentOf(await site.later())).toBe('1');
  });

  it('are stored for resources that answer through the response', async () => {
    const { site } = siteOf(async (session, { request, response }) => {
      if (request.path === '/saved') {
        session.set(COUNT, 5);
        await session.save();
        response.send('5');
        return;
      }
      const count = session.get(COUNT) ?? 0;
      session.set(NAME, 'late');
      response.send(`${count}`);
      session.set(COUNT, count + 1);
    });
    const cookie = `Cookie: session=${idOf(await site.get('/saved'))}`;
    expect(contentOf(await site.get('/', cookie))).toBe('5');
    expect(contentOf(await site.get('/', cookie))).toBe('6');
  });

  it('are stored for pages in pieces', async () => {
    const { site } = siteOf(async (session, { request }) => {
      if (request.path === '/') return counting(session, undefined as never);
      return (async function* () {
        yield 'a';
        session.set(COUNT, 41);
        yield 'b';
      })();
    });
    const cookie = `Cookie: session=${idOf(await site.get('/'))}`;
    await site.get('/pieces', cookie);
    expect(contentOf(await site.get('/', cookie))).toBe('42');
  });

  it('are stored if the session was asked for by a part of a page', async () => {
    const clock = new ManualClock();
    const store = new MemorySessionStore(clock);
    const root: Resource = {
      render: (context) =>
        html`<p>${sessionOf(context).addCallback((session) => session.set(COUNT, 1) && 'set')}</p>`,
    };
    const site = new ServedSite(withSessions(root, { store, clock }));
    const answer = await site.get('/');
    idOf(answer);
    expect(contentOf(answer)).toBe('<p>set</p>');
    expect(store.size).toBe(1);
  });
});
