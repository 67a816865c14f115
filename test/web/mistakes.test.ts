/** Mistakes of resources, and what the program and its clients see. */
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import { succeed } from '../../src/defer/succeed.js';
import { flushLoggedErrors, ManualClock } from '../../src/testing/index.js';
import {
  Branch,
  fetchResource,
  handlerResource,
  limitTime,
  MemorySessionStore,
  NameVirtualHost,
  type Resource,
  Router,
  sessionKey,
  sessionOf,
  type WebContext,
  type WebResult,
  withSessions,
} from '../../src/web/index.js';
import { contentOf, fieldOf, get, ServedSite, statusOf } from './site.js';

type Render = (context: WebContext) => WebResult | PromiseLike<WebResult>;

const NO_ANSWER =
  'the resource returned nothing and sent nothing: return a value or a promise (is a return missing?), answer through context.response, ' +
  'or call context.answersLater() if it answers later';

function reported(): string[] {
  return flushLoggedErrors().map(({ error, where, about }) => `${where}, ${about}: ${error}`);
}

function siteOf(render: Render): ServedSite {
  return new ServedSite({ isLeaf: true, render });
}

describe('a resource that returns nothing', () => {
  it.each<[string, Render]>([
    ['a function', () => {}],
    ['an asynchronous function', async () => {}],
    ['a Deferred', () => succeed(undefined)],
    [
      'a resource in another one',
      (context) => context.delegate({ isLeaf: true, render: () => undefined }),
    ],
    ['after the content', async ({ request }) => void (await request.text())],
  ])('is answered with 500 if it has sent nothing: %s', async (_what, render) => {
    const sent = await siteOf(render).get('/page');
    expect([statusOf(sent), contentOf(sent)]).toEqual([500, '500 Internal Server Error\n']);
    expect(reported()).toEqual([`HTTP handler, GET /page: HTTPSequenceError: ${NO_ANSWER}`]);
  });

  it.each<[string, Render]>([
    ['a function', ({ response }) => response.send('hi')],
    ['a promise', async ({ response }) => response.send('hi')],
    [
      'in pieces, the last one later',
      ({ response }) => {
        response.write('h');
        queueMicrotask(() => response.end('i'));
      },
    ],
  ])('has answered: %s', async (_what, render) => {
    expect(await siteOf(render).get('/')).toMatch(/hi$|1\r\nh\r\n1\r\ni\r\n0\r\n\r\n$/);
  });

  it.each<[string, (context: WebContext) => WebResult | PromiseLike<WebResult>]>([
    ['a function', (context) => context.answersLater()],
    ['an asynchronous function', async (context) => context.answersLater()],
    ['without return', (context) => void context.answersLater()],
    ['before it waits', async (context) => void (await succeed(context.answersLater()))],
  ])('may answer later if it says so: %s', async (_what, render) => {
    let context: WebContext | undefined;
    const served = siteOf((given) => {
      context = given;
      return render(given);
    });
    expect(await served.get('/')).toBe('');
    context?.response.send('late');
    expect(contentOf(await served.later())).toBe('late');
    expect(contentOf(`${served.receive(get('/'))}${await served.later()}`)).toBe('');
    context?.response.send('again');
    expect(contentOf(await served.later())).toBe('again');
  });

  it('may answer later in the time that it has', async () => {
    const clock = new ManualClock();
    const late: Resource = { render: (context) => context.answersLater() };
    const served = new ServedSite(limitTime(clock, late, { timeoutMs: 10 }));
    expect(await served.get('/')).toBe('');
    clock.advance(10);
    expect(statusOf(await served.later())).toBe(503);
  });

  it('may have given up because the client has gone', async () => {
    const given = new Deferred<undefined>();
    const served = siteOf(() => given);
    served.receive(get('/'));
    served.transport.peerResets();
    given.callback(undefined);
    expect(await served.later()).toBe('');
  });

  it('may be a handler of serveHttp, which may answer later, and return whatever', async () => {
    const waiting: (() => void)[] = [];
    const root = new Branch({
      handler: handlerResource((_request, response) => waiting.push(() => response.send('late'))),
    });
    const served = new ServedSite(root);
    expect(await served.get('/handler')).toBe('');
    waiting[0]?.();
    expect(contentOf(await served.later())).toBe('late');
  });
});

describe('a value of a session', () => {
  const VALUE = sessionKey<unknown>('value');

  /** Stores a value, and returns what the next request reads. */
  async function stored(value: unknown, maxBytes = 65_536): Promise<unknown> {
    const clock = new ManualClock();
    const store = new MemorySessionStore(clock);
    let read: unknown;
    let fault: unknown;
    const root: Resource = {
      isLeaf: true,
      async render(context) {
        const session = await sessionOf(context);
        if (session.isNew) {
          try {
            session.set(VALUE, value);
          } catch (error) {
            fault = error;
          }
        } else read = session.get(VALUE);
        return 'ok';
      },
    };
    const served = new ServedSite(withSessions(root, { store, clock, maxBytes }));
    const cookie = fieldOf(await served.get('/'), 'Set-Cookie')?.split(';', 1)[0];
    if (fault !== undefined) {
      expect([cookie, store.size]).toEqual([undefined, 0]);
      throw fault;
    }
    await served.get('/', `Cookie: ${cookie}`);
    return read;
  }

  class Cart {
    items: string[] = [];
  }
  const loop: { next: { to?: unknown } } = { next: {} };
  loop.next.to = loop;
  const nested = (levels: number): unknown => {
    let value: unknown = 1;
    for (let level = 0; level < levels; level++) value = [value];
    return value;
  };

  it.each<[string, unknown]>([
    ['text', 'Grüße \ud800 \u2028'],
    ['numbers', [0, -1.5, 1e300, Number.MAX_SAFE_INTEGER]],
    ['booleans and null', [true, false, null]],
    ['objects', { a: { b: [{ c: {} }] }, '': 1, toString: 'own' }],
    ['the name __proto__', JSON.parse('{"__proto__":{"a":1}}')],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
    ['the same object twice', [[loop.next].map(() => ({ a: 1 })), { a: 1 }]],
    ['200 levels', nested(200)],
    ['objects of another realm', runInNewContext('({ a: [1, { b: 2 }] })')],
  ])('comes back equal: %s', async (_what, value) => {
    expect(await stored(value)).toEqual(JSON.parse(JSON.stringify(value)));
    expect(JSON.stringify(await stored(value))).toBe(JSON.stringify(value));
  });

  it('loses properties that are undefined', async () => {
    expect(await stored({ a: undefined, b: 1 })).toEqual({ b: 1 });
  });

  const at = (place: string, what: string): string =>
    `value${place} must be a value that JSON preserves, not ${what}`;

  it.each<[string, unknown, string]>([
    ['undefined', undefined, at('', 'undefined')],
    ['a Map', { cart: { items: new Map([[1, 2]]) } }, at('.cart.items', '')],
    ['a Set', [1, new Set([1])], at('[1]', '')],
    ['a Date', { a: [{ when: new Date(0) }] }, at('.a[0].when', '')],
    ['a bigint', { n: 1n }, at('.n', '')],
    ['a function', { 'on click': () => 1 }, at('["on click"]', '')],
    ['a symbol', [Symbol('a')], at('[0]', '')],
    ['NaN', { n: Number.NaN }, at('.n', 'NaN')],
    ['Infinity', [Number.NEGATIVE_INFINITY], at('[0]', '-Infinity')],
    ['an instance of a class', { cart: new Cart() }, at('.cart', '')],
    ['bytes', Buffer.from('a'), at('', '')],
    ['a boxed number', [Object(1)], at('[0]', '')],
    ['an error', new Error('x'), at('', '')],
    ['a promise', Promise.resolve(1), at('', '')],
    ['an object with toJSON', { a: { toJSON: () => 1 } }, at('.a', '')],
    ['undefined in an array', [1, undefined], at('[1]', 'undefined')],
    ['a hole', new Array(1e9), at('[0]', 'undefined')],
    ['an array with properties', Object.assign([1], { a: 1 }), at('', '')],
    ['a match', { m: /a/.exec('a') }, at('.m', '')],
    ['an array of a class', new (class List extends Array {})(), at('', '')],
    ['a key that is a symbol', { [Symbol('a')]: 1 }, at('', '')],
    ['an object that contains itself', loop, at('.next.to', '')],
    ['201 levels', nested(201), 'value...[0][0]'],
  ])('is refused, and nothing is stored: %s', async (_what, value, message) => {
    const error = await stored(value).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    expect((error as Error).message.startsWith(message)).toBe(true);
  });

  it('is refused at once if it is too large, however large it is', async () => {
    let reads = 0;
    const endless = new Proxy(new Array<string>(1e6), {
      get: (array, name, receiver) => {
        if (typeof name === 'string' && /^\d+$/.test(name)) {
          reads++;
          return 'text';
        }
        return Reflect.get(array, name, receiver) as unknown;
      },
    });
    await expect(stored({ endless }, 1_000)).rejects.toMatchObject({ limit: 1_000 });
    expect(reads).toBeLessThan(1_000);
    const names = Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`name ${n}`, 1]));
    await expect(stored(names, 1_000)).rejects.toMatchObject({ code: 'ERR_SESSION_TOO_LARGE' });
  });
});

describe('an argument too many', () => {
  const page: Resource = { render: () => 'page' };
  const next = (): string => 'next';
  const more = (call: (...given: never[]) => unknown, ...given: unknown[]): (() => unknown) => {
    return () => call(...(given as never[]));
  };
  const router = new Router();

  it.each<[string, () => unknown]>([
    ['get(pattern, target)', more(router.get.bind(router), '/a', next, page)],
    ['post(pattern, target)', more(router.post.bind(router), '/a', next, next)],
    ['put(pattern, target)', more(router.put.bind(router), '/a', next, next)],
    ['patch(pattern, target)', more(router.patch.bind(router), '/a', next, next)],
    ['delete(pattern, target)', more(router.delete.bind(router), '/a', next, next)],
    ['all(pattern, target)', more(router.all.bind(router), '/a', next, next)],
    ['route(method, pattern, target)', more(router.route.bind(router), 'GET', '/a', next, next)],
    ['mount(prefix, resource)', more(router.mount.bind(router), '/a', page, page)],
    ['putChild(name, resource)', () => new Branch().putChild('a', page, next as never)],
    [
      'addHost(name, resource)',
      () => new NameVirtualHost().addHost('a.example', page, next as never),
    ],
    ['handlerResource(handler)', () => handlerResource(() => {}, next as never)],
    ['fetchResource(handler)', () => fetchResource(() => new Response(), next as never)],
  ])('of %s is refused, because others pass middleware there', (call, mistake) => {
    expect(mistake).toThrow(
      new RegExp(
        `^an additional argument of ${call.replace(/[()]/g, '\\$&')} must be left out, not .*: middleware is a wrapper`,
      ),
    );
  });

  it('adds no route', async () => {
    const served = new ServedSite(router);
    expect(statusOf(await served.get('/a'))).toBe(404);
  });

  it('is not the Map whose entries nobody reads', () => {
    expect(() => new Branch(new Map([['a', page]]) as never)).toThrow(
      'children must be a plain object',
    );
  });
});
