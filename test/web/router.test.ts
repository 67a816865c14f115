/** Routes: patterns, precedence, methods, conflicts, and the types of parameters. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import { flushLoggedErrors } from '../../src/testing/index.js';
import {
  Branch,
  byMethod,
  type PathParams,
  type Resource,
  RouteConflictError,
  Router,
  type WebContext,
} from '../../src/web/index.js';
import { contentOf, fieldOf, ServedSite, statusOf } from './site.js';

/** Answers with its name, and the parameters and the rest of the path. */
function named(name: string): Resource {
  return { isLeaf: true, render: ({ params, rest }) => [name, { ...params }, rest] };
}

async function ask(
  root: Resource,
  method: string,
  target: string,
): Promise<[number, string, string | undefined]> {
  const sent = await new ServedSite(root).ask(`${method} ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
  return [statusOf(sent), contentOf(sent), fieldOf(sent, 'allow')];
}

const ISO_DATE = /^\d{4}-\d\d-\d\d$/;
const types = {
  date: (text: string): Date | undefined => (ISO_DATE.test(text) ? new Date(text) : undefined),
};

describe('a route', () => {
  const router = new Router({ types })
    .get('/', named('root'))
    .get('/users', named('users'))
    .post('/users', named('new user'))
    .get('/users/:id', named('user'))
    .get('/users/:id(int)', named('numbered'))
    .get('/users/me', named('me'))
    .delete('/users/:name', named('delete user'))
    .get('/users/:id/posts/:post(int)', named('post'))
    .get('/users/me/posts', named('my posts'))
    .get('/days/:day(date)', named('day'))
    .get('/files/*path', named('files'))
    .get('/files/special', named('special'))
    .get('/folder/', named('folder'))
    .all('/any', named('any'))
    .put('/any', named('put'))
    .mount('/api', new Router().get('/', named('api')).get('/:x/y', named('inner')))
    .mount('/shops/:shop', new Router().get('/items/:item', named('item')));

  it.each([
    ['GET', '/', '["root",{},[]]'],
    ['GET', '/users', '["users",{},[]]'],
    ['POST', '/users', '["new user",{},[]]'],
    ['GET', '/users/ann', '["user",{"id":"ann"},[]]'],
    ['GET', '/users/a%20b%2B', '["user",{"id":"a b+"},[]]'],
    ['GET', '/users/me', '["me",{},[]]'],
    ['GET', '/users/17', '["numbered",{"id":17},[]]'],
    ['GET', '/users/-17', '["numbered",{"id":-17},[]]'],
    ['GET', '/users/017', '["user",{"id":"017"},[]]'],
    ['GET', '/users/-0', '["user",{"id":"-0"},[]]'],
    ['GET', '/users/9007199254740992', '["user",{"id":"9007199254740992"},[]]'],
    ['GET', '/users/__proto__', '["user",{"id":"__proto__"},[]]'],
    ['DELETE', '/users/me', '["delete user",{"name":"me"},[]]'],
    ['GET', '/users/me/posts', '["my posts",{},[]]'],
    ['GET', '/users/me/posts/1', '["post",{"id":"me","post":1},[]]'],
    ['GET', '/days/2026-11-30', '["day",{"day":"2026-11-30T00:00:00.000Z"},[]]'],
    ['GET', '/files/a/b.txt', '["files",{"path":["a","b.txt"]},[]]'],
    ['GET', '/files/', '["files",{"path":[""]},[]]'],
    ['GET', '/files', '["files",{"path":[]},[]]'],
    ['GET', '/files/special', '["special",{},[]]'],
    ['GET', '/folder/', '["folder",{},[]]'],
    ['PATCH', '/any', '["any",{},[]]'],
    ['PUT', '/any', '["put",{},[]]'],
    ['GET', '/api', '["api",{},[]]'],
    ['GET', '/api/', '["api",{},[]]'],
    ['GET', '/api/1/y', '["inner",{"x":"1"},[]]'],
    ['GET', '/shops/7/items/a', '["item",{"shop":"7","item":"a"},[]]'],
  ])('answers %s %s', async (method, target, content) => {
    expect(await ask(router, method, target)).toEqual([200, content, undefined]);
  });

  it.each([
    '/none',
    '/users/',
    '/users/a/b',
    '/days/today',
    '/folder',
    '/api/1',
    '/api/1/y/z',
    '/Users',
    '/users/me/posts/x',
  ])('does not answer %s', async (target) => {
    expect((await ask(router, 'GET', target))[0]).toBe(404);
  });

  it.each([
    ['PUT', '/users', 405, 'GET, HEAD, OPTIONS, POST'],
    ['OPTIONS', '/users', 204, 'GET, HEAD, OPTIONS, POST'],
    ['PUT', '/users/me', 405, 'DELETE, GET, HEAD, OPTIONS'],
    ['PATCH', '/users/17', 405, 'DELETE, GET, HEAD, OPTIONS'],
    ['OPTIONS', '/days/2026-11-30', 204, 'GET, HEAD, OPTIONS'],
    ['POST', '/files/a', 405, 'GET, HEAD, OPTIONS'],
  ])('refuses %s %s with %i and the methods of the path', async (method, target, status, allow) => {
    const [found, , allowed] = await ask(router, method, target);
    expect([found, allowed]).toEqual([status, allow]);
  });

  it('of GET answers HEAD without the content', async () => {
    const sent = await new ServedSite(router).ask('HEAD /users HTTP/1.1\r\nHost: a\r\n\r\n');
    expect([statusOf(sent), fieldOf(sent, 'content-length'), contentOf(sent)]).toEqual([
      200,
      '15',
      '',
    ]);
  });

  it('can be in a tree, and a tree in it', async () => {
    const tree = new Branch({
      shop: new Router().get('/:id', named('shop')).mount('/more', new Branch({ x: named('x') })),
    });
    expect((await ask(tree, 'GET', '/shop/1'))[1]).toBe('["shop",{"id":"1"},[]]');
    expect((await ask(tree, 'GET', '/shop/more/x'))[1]).toBe('["x",{},[]]');
    expect((await ask(tree, 'GET', '/shop/more/y'))[0]).toBe(404);
    const whole = new Router().get('/a', named('a')).mount('/', new Branch({ b: named('b') }));
    expect((await ask(whole, 'GET', '/a'))[1]).toBe('["a",{},[]]');
    expect((await ask(whole, 'POST', '/b'))[1]).toBe('["b",{},[]]');
  });

  it('may ignore a slash at the end', async () => {
    const lax = new Router({ ignoreTrailingSlash: true })
      .get('/a', named('a'))
      .get('/b/', named('b'));
    for (const target of ['/a', '/a/', '/b', '/b/']) {
      expect((await ask(lax, 'GET', target))[0], target).toBe(200);
    }
    expect((await ask(lax, 'GET', '/a//'))[0]).toBe(404);
  });

  it('whose parser throws fails with 500', async () => {
    const broken = {
      bad: (): string => {
        throw new Error('broken parser');
      },
    };
    expect(
      (await ask(new Router({ types: broken }).get('/:x(bad)', named('x')), 'GET', '/1'))[0],
    ).toBe(500);
    expect(String(flushLoggedErrors()[0]?.error)).toContain('broken parser');
  });

  it('is found although every segment matches in two ways', async () => {
    const router = new Router();
    const ways = (depth: number): string[] =>
      depth === 0 ? [''] : ways(depth - 1).flatMap((way) => [`${way}/a`, `${way}/:p${depth}`]);
    for (const [index, way] of ways(8).entries()) router.get(`${way}/end${index}`, named('end'));
    expect((await ask(router, 'GET', `${'/a'.repeat(8)}/end255`))[0]).toBe(200);
    expect((await ask(router, 'GET', `${'/a'.repeat(8)}/none`))[0]).toBe(404);
  });
});

describe('a conflict', () => {
  it.each<[string, (router: Router) => unknown, string, string]>([
    ['the same pattern', (r) => r.get('/a', named('')).get('/a', named('')), 'GET /a', 'GET /a'],
    [
      'other names of parameters',
      (r) => r.get('/a/:x', named('')).get('/a/:y', named('')),
      'GET /a/:y',
      'GET /a/:x',
    ],
    [
      'other names of the rest',
      (r) => r.get('/a/*x', named('')).get('/a/*y', named('')),
      'GET /a/*y',
      'GET /a/*x',
    ],
    [
      'the same type',
      (r) => r.get('/:x(int)/b', named('')).get('/:y(int)/b', named('')),
      'GET /:y(int)/b',
      'GET /:x(int)/b',
    ],
    ['all methods twice', (r) => r.all('/a', named('')).all('/a', named('')), '* /a', '* /a'],
    [
      'two mounted resources',
      (r) => r.mount('/a', named('')).mount('/a', named('')),
      '* /a',
      '* /a',
    ],
  ])('of routes is refused at registration: %s', (_what, register, refused, existing) => {
    const error = (() => {
      try {
        register(new Router());
        return undefined;
      } catch (thrown) {
        return thrown as RouteConflictError;
      }
    })();
    expect(error).toBeInstanceOf(RouteConflictError);
    expect(error?.code).toBe('ERR_ROUTE_CONFLICT');
    expect(error?.message).toBe(
      `the route ${refused} answers the same requests as ${existing}: remove one, or change its path`,
    );
  });

  it.each<[string, (router: Router) => unknown]>([
    ['another method', (r) => r.get('/a', named('')).post('/a', named(''))],
    ['other names with another method', (r) => r.get('/:a', named('')).post('/:b', named(''))],
    ['text and a parameter', (r) => r.get('/:a', named('')).get('/b', named(''))],
    ['a parameter with a type', (r) => r.get('/:a', named('')).get('/:a(int)', named(''))],
    ['a slash at the end', (r) => r.get('/a', named('')).get('/a/', named(''))],
    ['a route and a mounted resource', (r) => r.get('/a', named('')).mount('/a', named(''))],
  ])('is not: %s', (_what, register) => {
    expect(() => register(new Router())).not.toThrow();
  });
});

describe('a pattern', () => {
  it.each([
    ['', 'a path that begins with a slash'],
    ['users', 'a path that begins with a slash'],
    ['/a//b', 'decoded segments'],
    ['/a/../b', 'decoded segments'],
    ['/./b', 'decoded segments'],
    ['/a%20b', 'decoded segments'],
    ['/a?b', 'decoded segments'],
    ['/a#b', 'decoded segments'],
    ['/a\\b', 'decoded segments'],
    ['/a\0', 'decoded segments'],
    ['/:', undefined],
    ['/user-:id', 'decoded segments'],
    ['/:id.json', 'decoded segments'],
    ['/:id(\\d+)', 'decoded segments'],
    ['/:id?', 'decoded segments'],
    ['/*', 'decoded segments'],
    ['/*rest/more', '*rest at its end'],
    ['/:a/:a', 'one parameter a'],
    ['/:a/*a', 'one parameter a'],
    ['/:a(date)', 'one of the types int'],
  ])('that is %j: %s', (pattern, expected) => {
    const register = (): unknown => new Router().get(pattern, named(''));
    if (expected === undefined) expect(register).not.toThrow();
    else expect(register).toThrow(expected);
  });

  it.each<[string, () => unknown, string]>([
    ['a mounted rest', () => new Router().mount('/a/*b', named('')), 'a pattern without *name'],
    ['a mounted slash', () => new Router().mount('/a/', named('')), 'a pattern without *name'],
    [
      'a method in lower case',
      () => new Router().route('get', '/', named('')),
      'a method in capitals',
    ],
    [
      'no target',
      () => new Router().get('/', undefined as never),
      'target must be a function or a resource',
    ],
    [
      'a type with a strange name',
      () => new Router({ types: { 'a b': () => 1 } }),
      'names of letters',
    ],
    [
      'a type that is no function',
      () => new Router({ types: { a: 1 as never } }),
      'types.a must be a function',
    ],
  ])('is refused: %s', (_what, call, message) => {
    expect(call).toThrow(message);
  });

  it('gives its parameters types', () => {
    expectTypeOf<PathParams<'/a/:b/c'>>().toEqualTypeOf<
      unknown & ({ readonly b: string } & unknown)
    >();
    new Router({ types })
      .get('/:id(int)/:name', ({ params }) => {
        expectTypeOf(params.id).toEqualTypeOf<number>();
        expectTypeOf(params.name).toEqualTypeOf<string>();
        return '';
      })
      .get('/days/:day(date)/*rest', ({ params }) => {
        expectTypeOf(params.day).toEqualTypeOf<Date>();
        expectTypeOf(params.rest).toEqualTypeOf<readonly string[]>();
        return '';
      })
      // @ts-expect-error: a mistyped name.
      .get('/typo/:name', ({ params }) => `${params.nmae}`)
      // @ts-expect-error: the pattern has no parameter.
      .get('/none', ({ params }) => `${params.name}`)
      // Parameters of the prefix of a mounted router.
      .get('/mounted/:id', ({ params }: WebContext) => `${params.user}`);
  });
});

describe('byMethod', () => {
  const resource = byMethod({ GET: () => 'got', POST: async () => 'posted' });

  it.each([
    ['GET', 200, 'got', undefined],
    ['POST', 200, 'posted', undefined],
    ['HEAD', 200, '', undefined],
    ['OPTIONS', 204, '', 'GET, HEAD, OPTIONS, POST'],
    ['DELETE', 405, '405 Method Not Allowed\n', 'GET, HEAD, OPTIONS, POST'],
  ])('answers %s', async (method, status, content, allow) => {
    expect(await ask(resource, method, '/')).toEqual([status, content, allow]);
  });

  it.each<[string, () => unknown]>([
    ['no methods', () => byMethod({})],
    ['a method in lower case', () => byMethod({ get: () => '' })],
    ['a value that is no function', () => byMethod({ GET: 'text' as never })],
  ])('refuses %s', (_what, call) => {
    expect(call).toThrow(/must be/);
  });
});
