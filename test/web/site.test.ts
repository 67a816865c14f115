/** Trees of resources, and what becomes of their results. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { succeed } from '../../src/defer/succeed.js';
import { HTTPStatusError } from '../../src/http/index.js';
import { Logger } from '../../src/logger/index.js';
import { flushLoggedErrors } from '../../src/testing/index.js';
import {
  Branch,
  contextKey,
  html,
  type Resource,
  Site,
  type WebContext,
  type WebResult,
} from '../../src/web/index.js';
import { answer, contentOf, fieldOf, get, ServedSite, statusOf } from './site.js';

function leaf(render: (context: WebContext) => WebResult | PromiseLike<WebResult>): Resource {
  return { isLeaf: true, render };
}

/** Answers with the segments that led to it, and the rest. */
const echo = leaf(({ segments, rest }) => ({ segments, rest }));

describe('a result of a resource', () => {
  const TEXT = 'Content-Type: text/plain; charset=utf-8';
  const PAGE = 'Content-Type: text/html; charset=utf-8';
  const JSON_TYPE = 'Content-Type: application/json';
  const BYTES = 'Content-Type: application/octet-stream';
  async function* pieces(...all: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
    for (const piece of all) yield piece;
  }
  const chunked = (type: string, text: string): string =>
    `HTTP/1.1 200 OK\r\n${type}\r\nTransfer-Encoding: chunked\r\n\r\n${text}0\r\n\r\n`;

  it.each<[string, () => WebResult | PromiseLike<WebResult>, string]>([
    ['text', () => 'hi', answer('200 OK', 'hi', TEXT)],
    ['no text', () => '', answer('200 OK', '', TEXT)],
    ['a promise of text', async () => 'hi', answer('200 OK', 'hi', TEXT)],
    ['a Deferred of text', () => succeed('hi'), answer('200 OK', 'hi', TEXT)],
    ['bytes', () => Buffer.from('hi'), answer('200 OK', 'hi', BYTES)],
    ['HTML', () => html`<p>${'<&'}</p>`, answer('200 OK', '<p>&lt;&amp;</p>', PAGE)],
    ['HTML with a promise', () => html`<p>${succeed('<')}`, answer('200 OK', '<p>&lt;', PAGE)],
    ['a plain object', () => ({ a: 1 }), answer('200 OK', '{"a":1}', JSON_TYPE)],
    ['an array', () => [1], answer('200 OK', '[1]', JSON_TYPE)],
    ['a promise of an array', async () => [1], answer('200 OK', '[1]', JSON_TYPE)],
    [
      'an object with toJSON',
      () => new Date(0),
      answer('200 OK', '"1970-01-01T00:00:00.000Z"', JSON_TYPE),
    ],
    ['pieces of text', () => pieces('a', 'b'), chunked(TEXT, '1\r\na\r\n1\r\nb\r\n')],
    ['pieces of bytes', () => pieces(Buffer.from('a')), chunked(BYTES, '1\r\na\r\n')],
    ['no pieces', () => pieces(), answer('200 OK', '', BYTES)],
    ['a stream', () => new Blob(['a']).stream(), chunked(BYTES, '1\r\na\r\n')],
    [
      'an asynchronous page',
      () => ({ renderHTML: () => pieces('<p>') as AsyncIterable<string> }),
      chunked(PAGE, '3\r\n<p>\r\n'),
    ],
    [
      'a Response',
      () => new Response('hi', { status: 201, headers: { 'x-a': 'b' } }),
      answer('201 Created', 'hi', 'content-type: text/plain;charset=UTF-8', 'x-a: b'),
    ],
  ])('that is %s is sent', async (_what, render, expected) => {
    const served = new ServedSite(leaf(render));
    const sent = served.receive(get('/'));
    // Blobs are read by threads.
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(sent + served.sent()).toBe(expected);
  });
});

describe('a result that cannot be sent', () => {
  it.each<[string, () => unknown, string]>([
    ['a number', () => 5, 'ERR_INVALID_ARG_TYPE'],
    ['null', () => null, 'ERR_INVALID_ARG_TYPE'],
    ['an instance of a class', () => new Map(), 'ERR_INVALID_ARG_TYPE'],
    ['a promise of a function', async () => () => 'hi', 'ERR_INVALID_ARG_TYPE'],
    [
      'a Response that was read',
      () => {
        const r = new Response('a');
        void r.text();
        return r;
      },
      'ERR_INVALID_ARG_VALUE',
    ],
    ['a failed promise', () => Promise.reject(new Error('secret')), ''],
    ['a failed page', () => html`${Promise.reject(new Error('secret'))}`, ''],
  ])('is answered with 500 and reported: %s', async (_what, render, code) => {
    const served = new ServedSite(leaf(render as () => WebResult));
    const sent = await served.get('/');
    expect(statusOf(sent)).toBe(500);
    expect(contentOf(sent)).toBe('500 Internal Server Error\n');
    const [report] = flushLoggedErrors();
    expect((report?.error as { code?: string } | undefined)?.code ?? '').toBe(code);
  });

  it('is an error of the iterable before its first piece', async () => {
    const fails: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new HTTPStatusError(409)) }),
    };
    expect(statusOf(await new ServedSite(leaf(() => fails)).get('/'))).toBe(409);
  });

  it('resets the connection if its iterable fails later', async () => {
    const served = new ServedSite(
      leaf(async function* () {
        yield 'a';
        throw new Error('broken');
      }),
    );
    expect(await served.get('/')).toContain('1\r\na\r\n');
    expect(served.transport.peerSees).toBe('reset');
    expect(flushLoggedErrors()).toHaveLength(1);
  });
});

describe('a tree', () => {
  const page: Resource = { render: ({ segments }) => `page ${segments.join('/')}` };
  const tree = new Branch({
    '': { render: () => 'home' },
    page,
    a: new Branch({ '': { render: () => 'index of a' }, page }),
    bare: new Branch({ page }),
    leaf: echo,
    later: { render: () => 'later', getChild: async (name) => (name === 'x' ? page : undefined) },
    deferred: {
      render: () => 'deferred',
      getChild: (name) => succeed(name === 'x' ? page : undefined),
    },
  });

  it.each([
    ['/', 200, 'home'],
    ['/page', 200, 'page page'],
    ['/p%61ge', 200, 'page page'],
    ['/page/', 404, '404 Not Found\n'],
    ['/page/more', 404, '404 Not Found\n'],
    ['/none', 404, '404 Not Found\n'],
    ['/constructor', 404, '404 Not Found\n'],
    ['/a/', 200, 'index of a'],
    ['/a/page', 200, 'page a/page'],
    ['/bare', 404, '404 Not Found\n'],
    ['/bare/', 404, '404 Not Found\n'],
    ['/leaf', 200, '{"segments":["leaf"],"rest":[]}'],
    ['/leaf/', 200, '{"segments":["leaf"],"rest":[""]}'],
    ['/leaf/b/c%20d?q', 200, '{"segments":["leaf"],"rest":["b","c d"]}'],
    ['/leaf/%C3%A9', 200, '{"segments":["leaf"],"rest":["\u00c3\u00a9"]}'],
    ['http://other/leaf/b', 200, '{"segments":["leaf"],"rest":["b"]}'],
    ['/later/x', 200, 'page later/x'],
    ['/later/y', 404, '404 Not Found\n'],
    ['/deferred/x', 200, 'page deferred/x'],
    ['/deferred/x/y', 404, '404 Not Found\n'],
  ])('answers %s with %i', async (target, status, content) => {
    const sent = await new ServedSite(tree).get(target);
    expect([statusOf(sent), contentOf(sent)]).toEqual([status, content]);
  });

  it.each([
    ['GET', '/a', 301, './a/'],
    ['HEAD', '/a?b=<c>', 301, './a/?b=%3Cc%3E'],
    ['POST', '/a', 308, './a/'],
  ])('redirects %s of %s to the index', async (method, target, status, location) => {
    const sent = await new ServedSite(tree).ask(`${method} ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect([statusOf(sent), fieldOf(sent, 'location')]).toEqual([status, location]);
  });

  it('can change while it serves', async () => {
    const branch = new Branch();
    const served = new ServedSite(branch);
    expect(statusOf(await served.get('/x'))).toBe(404);
    expect(branch.putChild('x', page).names).toEqual(['x']);
    expect(statusOf(await served.get('/x'))).toBe(200);
    expect([branch.removeChild('x'), branch.removeChild('x')]).toEqual([true, false]);
    expect(statusOf(await served.get('/x'))).toBe(404);
  });

  it.each([
    ['a getChild that returns none', { render: () => '', getChild: () => 'page' }],
    ['a getChild that promises none', { render: () => '', getChild: async () => ({}) }],
  ])('reports %s', async (_what, resource) => {
    const served = new ServedSite(resource as unknown as Resource);
    expect(statusOf(await served.get('/x'))).toBe(500);
    expect(String(flushLoggedErrors()[0]?.error)).toContain(
      'the result of getChild must be a resource',
    );
  });

  it('has an answer for a path without a resource', async () => {
    const notFound = leaf(({ request }) => html`<h1>No ${request.path} here</h1>`);
    const sent = await new ServedSite(tree, { notFound }).get('/%3Cx%3E');
    expect([statusOf(sent), contentOf(sent)]).toEqual([404, '<h1>No /%3Cx%3E here</h1>']);
  });

  it('answers OPTIONS for the whole server, and refuses CONNECT', async () => {
    const served = new ServedSite(tree);
    expect(statusOf(await served.ask('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n'))).toBe(204);
    expect(statusOf(await served.ask('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'))).toBe(501);
  });
});

/** Encodings of names outside the root, of empty names, and of names in two ways. No resource is found for any. */
const REFUSED: readonly (readonly [target: string, status: number])[] = [
  ['//', 404],
  ['/x//', 404],
  ['//x', 404],
  ['/x//y', 404],
  ['/.', 404],
  ['/..', 404],
  ['/./x', 404],
  ['/x/../y', 404],
  ['/x/..', 404],
  ['/../../etc/passwd', 404],
  ['/%2e/x', 404],
  ['/%2e%2e/x', 404],
  ['/%2E%2e/x', 404],
  ['/.%2e/x', 404],
  ['/%2e./x', 404],
  ['/x%2f..%2fy', 404],
  ['/..%2fx', 404],
  ['/..%5cx', 404],
  ['/..\\x', 404],
  ['/x%00', 404],
  ['/x%00.html', 404],
  ['/%2f', 404],
  ['/%c0%ae%c0%ae/x', 400],
  ['/%e0%80%ae/x', 400],
  ['/%c0%af', 400],
  ['/%u002e%u002e/x', 400],
  ['/%', 400],
  ['/%2', 400],
  ['/%zz', 400],
  ['/%ff', 400],
  ['/x%ed%a0%80', 400],
];

describe('a path', () => {
  it.each(REFUSED)(
    'that is %s is refused with %i, and no resource is called',
    async (target, status) => {
      const called: string[] = [];
      const any: Resource = {
        getChild: (segment) => {
          called.push(segment);
          return any;
        },
        render: () => 'found',
      };
      const leaves = leaf(() => 'found');
      const served = new ServedSite(any);
      served.transport.receive(Buffer.from(get(target), 'latin1'));
      expect(statusOf(await served.later())).toBe(status);
      expect(called).toEqual([]);
      expect(statusOf(await new ServedSite(leaves).get(target))).toBe(status);
    },
  );

  it('of any bytes reaches resources only in decoded, unambiguous segments', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '/',
        '//',
        '.',
        '..',
        '%2e',
        '%2f',
        '%5c',
        '\\',
        '%00',
        '%',
        '%c0%ae',
        '?',
        '~',
        'a',
        ';',
        '%25',
      ),
      fc.string({
        unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
      }),
    );
    const target = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`);
    const found: (readonly string[])[] = [];
    const served = new ServedSite(
      leaf(({ rest, segments }) => {
        found.push([...segments, ...rest]);
        return 'found';
      }),
    );
    await fc.assert(
      fc.asyncProperty(target, async (text) => {
        served.connect();
        const status = statusOf(await served.get(text));
        expect([200, 400, 404]).toContain(status);
        const [seen = []] = found;
        expect(found.splice(0)).toHaveLength(status === 200 ? 1 : 0);
        for (const [index, segment] of seen.entries()) {
          expect(segment).not.toMatch(/[/\\\0]|^\.\.?$/);
          if (segment === '') expect(index).toBe(seen.length - 1);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is decoded once', async () => {
    expect(contentOf(await new ServedSite(echo).get('/%252e%252e/%2541'))).toBe(
      '{"segments":[],"rest":["%2e%2e","%41"]}',
    );
  });
});

describe('the context', () => {
  it('has the query', async () => {
    const served = new ServedSite(leaf(({ query }) => [query.get('a'), query.getAll('b')]));
    expect(contentOf(await served.get('/?a=%3C+x&b=1&b=2'))).toBe('["< x",["1","2"]]');
  });

  it('carries typed values to the resources that are called later', async () => {
    const USER = contextKey<{ name: string }>('user');
    const OTHER = contextKey<string>('user');
    const inner: Resource = {
      getChild: () => inner,
      render: (context) => [context.get(USER)?.name, context.get(OTHER) ?? 'none'],
    };
    const outer = leaf((context) => context.set(USER, { name: 'ann' }).delegate(inner));
    expect(contentOf(await new ServedSite(outer).get('/a/b'))).toBe('["ann","none"]');
    const wrong = leaf((context) => [context.get('user' as never)]);
    expect(statusOf(await new ServedSite(wrong).get('/'))).toBe(500);
    expect(String(flushLoggedErrors()[0]?.error)).toContain('key must be the result of contextKey');
  });

  it('logs with the id of the request, which is made once', async () => {
    const events: unknown[] = [];
    const logger = new Logger({
      namespace: 'shop',
      observer: ({ fields }) => void events.push(fields),
    });
    let made = 0;
    const served = new ServedSite(
      leaf(({ id, log }) => {
        log.info('{n}', { n: 1 });
        log.info('{n}', { n: 2 });
        return id;
      }),
      { logger, makeRequestId: () => `r${++made}` },
    );
    expect(contentOf(await served.get('/'))).toBe('r1');
    expect(contentOf(await served.get('/'))).toBe('r2');
    expect(events).toEqual([
      { requestId: 'r1', n: 1 },
      { requestId: 'r1', n: 2 },
      { requestId: 'r2', n: 1 },
      { requestId: 'r2', n: 2 },
    ]);
  });

  it.each(['', 'a b', 'a\r\nb', '\u00e9', 'x'.repeat(201), 5])('refuses the id %j', async (id) => {
    const served = new ServedSite(
      leaf((context) => {
        context.id = id as string;
        return 'set';
      }),
    );
    expect(statusOf(await served.get('/'))).toBe(500);
    expect(String(flushLoggedErrors()[0]?.error)).toMatch(/ERR_INVALID_ARG|id must be/);
  });
});

describe('an iterable of pieces', () => {
  it('is left when the client goes, and sends no faster than the client reads', async () => {
    const log: string[] = [];
    const served = new ServedSite(
      leaf(async function* () {
        try {
          for (let n = 0; n < 1_000; n++) {
            log.push(`piece ${n}`);
            yield Buffer.alloc(32_768);
          }
        } finally {
          log.push('left');
        }
      }),
    );
    served.connect(65_536);
    served.transport.receive(get('/'));
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    expect(log.length).toBeGreaterThan(1);
    expect(log.length).toBeLessThan(20);
    served.transport.peerResets();
    served.transport.settle();
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    expect(log.at(-1)).toBe('left');
  });
});

describe('mistakes in arguments', () => {
  it.each<[string, () => unknown, string]>([
    [
      'a function as the root',
      () => new Site((() => 'hi') as never),
      'a function becomes one as { render: ... }',
    ],
    ['no root', () => new Site(undefined as never), 'root must be a resource'],
    ['an unknown option', () => new Site(echo, { notfound: echo } as never), 'notFound'],
    [
      'a logger of another kind',
      () => new Site(echo, { logger: console as never }),
      'logger must be a Logger',
    ],
    ['a child with a slash', () => new Branch({ 'a/b': echo }), 'name must be a segment'],
    ['a child with dots', () => new Branch().putChild('..', echo), 'name must be a segment'],
    [
      'a child that is none',
      () => new Branch().putChild('a', 'text' as never),
      'resource must be a resource',
    ],
  ])('are refused: %s', (_what, call, message) => {
    expect(call).toThrow(message);
  });
});
