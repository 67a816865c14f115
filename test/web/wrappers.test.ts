/** Resources around resources. */
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import { type AccessLog, HTTPStatusError, staticFiles } from '../../src/http/index.js';
import { Logger } from '../../src/logger/index.js';
import { flushLoggedErrors, ManualClock } from '../../src/testing/index.js';
import {
  Branch,
  cors,
  currentContext,
  Data,
  deferredResource,
  fetchResource,
  handlerResource,
  limitRequests,
  limitTime,
  localLocation,
  NameVirtualHost,
  type Resource,
  redirect,
  redirectTo,
  requestIdOf,
  requestIds,
  rewrite,
  scriptNonce,
  securityFields,
  trackContext,
  type WebContext,
  withRequestIds,
} from '../../src/web/index.js';
import { contentOf, fieldOf, get, ServedSite, statusOf } from './site.js';

const hello: Resource = { isLeaf: true, render: () => 'hello' };
const broken: Resource = {
  isLeaf: true,
  render() {
    throw new Error('secret');
  },
};
const echo: Resource = { isLeaf: true, render: ({ segments, rest }) => [segments, rest] };

function linesOf(answer: string): string[] {
  return answer.slice(0, answer.indexOf('\r\n\r\n')).split('\r\n').slice(1).sort();
}

function fieldsOf(answer: string, start: RegExp): string[] {
  return linesOf(answer).filter((line) => start.test(line));
}

describe('cors', () => {
  const shop = 'Origin: https://shop.example';
  const options = {
    origins: ['https://shop.example'],
    requestFields: ['X-Token'],
    exposedFields: ['X-Total'],
    credentials: true,
  };
  const CORS_LINES = /^(access-control|vary)/i;
  const ALLOWED = [
    'Access-Control-Allow-Credentials: true',
    'Access-Control-Allow-Origin: https://shop.example',
    'Access-Control-Expose-Headers: X-Total',
    'Vary: Origin',
  ];

  it('lets pages of the listed origins read answers, also those with errors', async () => {
    const sent = await new ServedSite(cors(hello, options)).get('/', shop);
    expect(contentOf(sent)).toBe('hello');
    expect(fieldsOf(sent, CORS_LINES)).toEqual(ALLOWED);
    const failed = await new ServedSite(cors(broken, options)).get('/', shop);
    expect(statusOf(failed)).toBe(500);
    expect(fieldsOf(failed, CORS_LINES)).toEqual(ALLOWED);
    expect(flushLoggedErrors()).toHaveLength(1);
    const missing = await new ServedSite(cors(new Branch(), options)).get('/x', shop);
    expect([statusOf(missing), fieldsOf(missing, CORS_LINES)]).toEqual([404, ALLOWED]);
  });

  it('lets pages read that the content was too long', async () => {
    const reads: Resource = { isLeaf: true, render: async ({ request }) => request.text() };
    const served = new ServedSite(cors(reads, options), {}, { maxContentBytes: 5 });
    const lines = `POST / HTTP/1.1\r\nHost: a\r\n${shop}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const sent = await served.ask(`${lines}9\r\n123456789\r\n0\r\n\r\n`);
    expect(statusOf(sent)).toBe(413);
    expect(fieldsOf(sent, CORS_LINES)).toEqual(ALLOWED);
  });

  it.each([
    [[], 200],
    [['Origin: https://shop.example:444'], 200],
    [['Origin: https://SHOP.example'], 200],
    [['Origin: http://shop.example'], 200],
    [['Origin: null'], 200],
    [['Origin: https://shop.example.evil.example'], 200],
  ])('tells other pages nothing: %j', async (fields, status) => {
    const sent = await new ServedSite(cors(hello, options)).get('/', ...fields);
    expect([statusOf(sent), fieldsOf(sent, CORS_LINES)]).toEqual([status, ['Vary: Origin']]);
  });

  function preflight(root: Resource, ...fields: string[]): Promise<string> {
    const lines = fields.map((field) => `${field}\r\n`).join('');
    return new ServedSite(root).ask(`OPTIONS / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
  }
  const METHOD = 'Access-Control-Request-Method: PUT';

  it('answers preflight requests itself', async () => {
    const names = 'Access-Control-Request-Headers: x-token';
    const sent = await preflight(cors(hello, options), shop, METHOD, names);
    expect(statusOf(sent)).toBe(204);
    expect(fieldsOf(sent, CORS_LINES)).toEqual([
      'Access-Control-Allow-Credentials: true',
      'Access-Control-Allow-Headers: x-token',
      'Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE',
      'Access-Control-Allow-Origin: https://shop.example',
      'Access-Control-Max-Age: 600',
      'Vary: Origin',
    ]);
  });

  it.each([
    ['another origin', ['Origin: https://x.example', METHOD]],
    ['another method', [shop, 'Access-Control-Request-Method: TRACE']],
    ['a method in lower case', [shop, 'Access-Control-Request-Method: put']],
    ['another field', [shop, METHOD, 'Access-Control-Request-Headers: x-token, x-other']],
  ])('refuses preflight requests of %s', async (_what, fields) => {
    const sent = await preflight(cors(hello, options), ...fields);
    expect([statusOf(sent), fieldsOf(sent, CORS_LINES)]).toEqual([403, ['Vary: Origin']]);
  });

  it('passes other requests with OPTIONS on', async () => {
    expect(contentOf(await preflight(cors(hello, options), shop))).toBe('hello');
    expect(contentOf(await preflight(cors(hello, options), METHOD))).toBe('hello');
  });

  it('may be open to all, and may ask a function', async () => {
    const open = await new ServedSite(cors(hello, { origins: '*' })).get('/', 'Origin: null');
    expect(fieldsOf(open, CORS_LINES)).toEqual(['Access-Control-Allow-Origin: *']);
    const origins = (origin: string): boolean => origin.endsWith('.example');
    const asked = await new ServedSite(cors(hello, { origins })).get('/', shop);
    expect(fieldOf(asked, 'access-control-allow-origin')).toBe('https://shop.example');
  });

  it('is not opened by a function that answers later', async () => {
    const origins = (async () => false) as never;
    const asked = await new ServedSite(cors(hello, { origins })).get('/', shop);
    expect(fieldOf(asked, 'access-control-allow-origin')).toBeUndefined();
  });

  it.each<[string, object, string]>([
    ['credentials for all origins', { origins: '*', credentials: true }, 'browsers refuse * with'],
    ['an origin with a path', { origins: ['https://a.example/'] }, 'each of origins must be'],
    ['an origin in capitals', { origins: ['https://A.example'] }, 'each of origins must be'],
    ['no origins', {}, 'origins must be'],
    ['a method in lower case', { origins: '*', methods: ['get'] }, 'a method in capitals'],
    ['a field that is none', { origins: '*', requestFields: ['a b'] }, 'field name'],
    ['a maximum age', { origins: '*', maxAgeSeconds: 86_401 }, 'maxAgeSeconds must be'],
  ])('refuses %s', (_what, wrong, message) => {
    expect(() => cors(hello, wrong as never)).toThrow(message);
  });
});

describe('securityFields', () => {
  const NAMES = /^(content-security|strict|cross|referrer|x-|permissions)/i;

  it('adds its fields to all answers', async () => {
    const expected = [
      "Content-Security-Policy: default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'; object-src 'none'",
      'Cross-Origin-Opener-Policy: same-origin',
      'Cross-Origin-Resource-Policy: same-origin',
      'Referrer-Policy: no-referrer',
      'X-Content-Type-Options: nosniff',
      'X-Frame-Options: SAMEORIGIN',
    ];
    const sent = await new ServedSite(securityFields(hello)).get('/');
    expect(fieldsOf(sent, NAMES)).toEqual(expected);
    const failed = await new ServedSite(securityFields(broken)).get('/');
    expect(statusOf(failed)).toBe(500);
    expect(fieldsOf(failed, NAMES)).toEqual(expected);
    flushLoggedErrors();
  });

  it('can be changed, left out, and replaced by a resource', async () => {
    const own: Resource = {
      render: () =>
        new Response('', { headers: { 'Referrer-Policy': 'origin', 'X-Frame-Options': 'DENY' } }),
    };
    const sent = await new ServedSite(
      securityFields(own, {
        contentSecurityPolicy: false,
        crossOriginOpenerPolicy: false,
        crossOriginResourcePolicy: 'cross-origin',
        permissionsPolicy: 'camera=()',
        contentTypeOptions: false,
      }),
    ).get('/');
    expect(fieldsOf(sent, NAMES)).toEqual([
      'Cross-Origin-Resource-Policy: cross-origin',
      'Permissions-Policy: camera=()',
      'referrer-policy: origin',
      'x-frame-options: DENY',
    ]);
  });

  it('has a nonce of the request for scripts', async () => {
    const page: Resource = { render: (context) => scriptNonce(context) };
    const site = securityFields(page, {
      contentSecurityPolicy: (context) => `script-src 'nonce-${scriptNonce(context)}'`,
    });
    const served = new ServedSite(site);
    const [one, two] = [await served.get('/'), await served.get('/')];
    expect(fieldOf(one, 'content-security-policy')).toBe(`script-src 'nonce-${contentOf(one)}'`);
    expect(contentOf(one)).toMatch(/^[\w-]{22}$/);
    expect(contentOf(two)).not.toBe(contentOf(one));
  });

  it('refuses values that fields cannot have', () => {
    expect(() => securityFields(hello, { referrerPolicy: 'a\r\nb' })).toThrow('Referrer-Policy');
    expect(() => securityFields(hello, { referrerPolicy: 5 as never })).toThrow(
      'a string or false',
    );
  });
});

describe('limitRequests', () => {
  function limited(clock: ManualClock, more: object = {}): ServedSite {
    const clientOf = ({ request }: WebContext): string | undefined => request.field('x-client');
    return new ServedSite(limitRequests(clock, hello, { requests: 3, clientOf, ...more }));
  }
  const from = (served: ServedSite, client: string): Promise<string> =>
    served.get('/', `X-Client: ${client}`);

  it('answers 429 with the time to wait, and again when it has passed', async () => {
    const clock = new ManualClock();
    const served = limited(clock);
    for (let n = 0; n < 3; n++) expect(statusOf(await from(served, 'a'))).toBe(200);
    const refused = await from(served, 'a');
    expect([statusOf(refused), fieldOf(refused, 'retry-after')]).toEqual([429, '20']);
    expect(statusOf(await from(served, 'b'))).toBe(200);
    clock.advance(19_000);
    expect(fieldOf(await from(served, 'a'), 'retry-after')).toBe('1');
    clock.advance(1_000);
    expect(statusOf(await from(served, 'a'))).toBe(200);
    expect(statusOf(await from(served, 'a'))).toBe(429);
  });

  it('allows a burst', async () => {
    const clock = new ManualClock();
    const served = limited(clock, { requests: 1, periodMs: 1_000, burst: 5 });
    const statuses: number[] = [];
    for (let n = 0; n < 6; n++) statuses.push(statusOf(await from(served, 'a')));
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
    clock.advance(1_000);
    expect(statusOf(await from(served, 'a'))).toBe(200);
    expect(statusOf(await from(served, 'a'))).toBe(429);
  });

  it('does not limit requests without a client, and calls back for those refused', async () => {
    const refused: string[] = [];
    const onRefused = (_context: WebContext, client: string): void => void refused.push(client);
    const served = limited(new ManualClock(), { requests: 1, onRefused });
    for (let n = 0; n < 5; n++) expect(statusOf(await served.get('/'))).toBe(200);
    await from(served, 'a');
    await from(served, 'a');
    expect(refused).toEqual(['a']);
  });

  it('forgets the client that came longest ago, beyond maxClients', async () => {
    const served = limited(new ManualClock(), { requests: 1, maxClients: 2 });
    for (const client of ['a', 'b', 'a', 'c']) await from(served, client);
    expect(statusOf(await from(served, 'a'))).toBe(429);
    expect(statusOf(await from(served, 'b'))).toBe(200);
  });

  it('takes the address of the connection by default', async () => {
    const served = new ServedSite(limitRequests(new ManualClock(), hello, { requests: 1 }));
    expect(statusOf(await served.get('/'))).toBe(200);
    served.connect();
    expect(statusOf(await served.get('/'))).toBe(429);
  });

  it.each([
    { requests: 0 },
    { requests: 1.5 },
    { requests: 1, periodMs: 0 },
    { requests: 1, burst: 0 },
    { requests: 1, maxClients: 0 },
  ])('refuses %j', (wrong) => {
    expect(() => limitRequests(new ManualClock(), hello, wrong)).toThrow(/must be a whole number/);
  });
});

describe('limitTime', () => {
  it('answers 503, aborts the signal and cancels a Deferred', async () => {
    const clock = new ManualClock();
    let isCancelled = false;
    let signal: AbortSignal | undefined;
    const slow: Resource = {
      render(context) {
        signal = context.signal;
        return new Deferred<string>(() => {
          isCancelled = true;
        });
      },
    };
    const served = new ServedSite(limitTime(clock, slow, { timeoutMs: 100 }));
    expect(await served.get('/')).toBe('');
    clock.advance(99);
    expect(await served.later()).toBe('');
    clock.advance(1);
    const sent = await served.later();
    expect([statusOf(sent), isCancelled, signal?.aborted]).toEqual([503, true, true]);
    expect(signal?.reason).toBeInstanceOf(HTTPStatusError);
    expect(flushLoggedErrors()).toEqual([]);
  });

  it('drops a result that comes later, and answers the next request', async () => {
    const clock = new ManualClock();
    const results: ((text: string) => void)[] = [];
    const slow: Resource = {
      render: () => new Promise<string>((resolve) => results.push(resolve)),
    };
    const served = new ServedSite(limitTime(clock, slow, { timeoutMs: 10, status: 504 }));
    await served.get('/');
    clock.advance(10);
    expect(statusOf(await served.later())).toBe(504);
    results[0]?.('late');
    expect(await served.later()).toBe('');
    await served.get('/');
    results[1]?.('in time');
    expect(contentOf(await served.later())).toBe('in time');
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('limits resources that answer later through the response', async () => {
    const clock = new ManualClock();
    let answer: (() => void) | undefined;
    const later: Resource = {
      render({ response }) {
        answer = () => response.send('late');
      },
    };
    const served = new ServedSite(limitTime(clock, later, { timeoutMs: 10 }));
    await served.get('/');
    clock.advance(10);
    expect(statusOf(await served.later())).toBe(503);
    answer?.();
    expect(await served.later()).toBe('');
    await served.get('/');
    answer?.();
    expect(contentOf(await served.later())).toBe('late');
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('lets a response go on that has begun', async () => {
    const clock = new ManualClock();
    let end: (() => void) | undefined;
    const streams: Resource = {
      async *render() {
        yield 'a';
        await new Promise<void>((resolve) => {
          end = resolve;
        });
        yield 'b';
      },
    } as unknown as Resource;
    const served = new ServedSite(limitTime(clock, streams, { timeoutMs: 10 }));
    await served.get('/');
    clock.advance(10);
    end?.();
    expect(await served.later()).toBe('1\r\nb\r\n0\r\n\r\n');
  });

  it('keeps no timer for answers that are given at once', async () => {
    const clock = new ManualClock();
    expect(
      contentOf(await new ServedSite(limitTime(clock, hello, { timeoutMs: 10 })).get('/')),
    ).toBe('hello');
    expect(clock.getDelayedCalls()).toEqual([]);
  });
});

describe('requestIds', () => {
  const shows: Resource = { render: ({ id }) => id };

  it('makes ids, and sends them with errors too', async () => {
    const options = { makeRequestId: () => 'made' };
    const sent = await new ServedSite(requestIds(shows), options).get('/', 'X-Request-Id: forged');
    expect([contentOf(sent), fieldOf(sent, 'x-request-id')]).toEqual(['made', 'made']);
    const failed = await new ServedSite(requestIds(broken), options).get('/');
    expect([statusOf(failed), fieldOf(failed, 'x-request-id')]).toEqual([500, 'made']);
    flushLoggedErrors();
  });

  it('are known to the access log', async () => {
    const ids: (string | undefined)[] = [];
    const accessLog: AccessLog = (_record, request) => void ids.push(requestIdOf(request));
    const options = { makeRequestId: () => 'made' };
    await new ServedSite(requestIds(hello), options, { accessLog }).get('/');
    await new ServedSite(requestIds(hello, { trusted: true }), options, { accessLog }).get(
      '/',
      'X-Request-Id: r-1',
    );
    await new ServedSite(hello, options, { accessLog }).get('/');
    await new ServedSite(hello, options, { accessLog }).ask('broken\r\n\r\n');
    expect(ids).toEqual(['made', 'r-1', undefined, undefined]);
  });

  it.each<[string, string | undefined, boolean | (() => boolean), string]>([
    ['is trusted', 'r-1', true, 'r-1'],
    ['a function trusts', 'r-1', () => true, 'r-1'],
    ['a function does not trust', 'r-1', () => false, 'made'],
    ['is missing', undefined, true, 'made'],
    ['is too long', 'x'.repeat(201), true, 'made'],
    ['has a space', 'a b', true, 'made'],
    ['is not ASCII', 'é', true, 'made'],
  ])('that come in count if they are valid: one that %s', async (_what, given, trusted, id) => {
    const served = new ServedSite(requestIds(shows, { field: 'X-Id', trusted }), {
      makeRequestId: () => 'made',
    });
    const sent = await served.get('/', ...(given === undefined ? [] : [`X-Id: ${given}`]));
    expect([contentOf(sent), fieldOf(sent, 'x-id')]).toEqual([id, id]);
  });
});

describe('rewrite', () => {
  it('changes the rest of the path', async () => {
    const tilde = rewrite(echo, ([first, ...rest]) =>
      first?.startsWith('~') ? ['users', first.slice(1), ...rest] : undefined,
    );
    const served = new ServedSite(new Branch({ site: tilde }));
    expect(contentOf(await served.get('/site/~ann/x'))).toBe('[["site"],["users","ann","x"]]');
    expect(contentOf(await served.get('/site/other'))).toBe('[["site"],["other"]]');
    expect(contentOf(await served.get('/site'))).toBe('[["site"],[]]');
  });

  it.each([[['a/b']], [['..']], [['a', '', 'b']], [['a\\b']], [['a\0']], ['text'], [[5]]])(
    'refuses %j as a path',
    async (path) => {
      expect(statusOf(await new ServedSite(rewrite(echo, () => path as never)).get('/'))).toBe(500);
      expect(String(flushLoggedErrors()[0]?.error)).toContain('the result of a rule must be');
    },
  );
});

describe('NameVirtualHost', () => {
  const name = (text: string): Resource => ({ isLeaf: true, render: () => text });
  const hosts = new NameVirtualHost({
    'example.com': name('example'),
    '*.example.com': name('below'),
    'www.example.com': name('www'),
    '*.shop.example.com': name('shops'),
    'bücher.example': name('books'),
    '127.0.0.1': name('v4'),
    '[::1]': name('v6'),
  });
  const ask = (root: Resource, host: string): Promise<string> =>
    new ServedSite(root).ask(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);

  it.each([
    ['example.com', 'example'],
    ['EXAMPLE.com:8080', 'example'],
    ['example.com.', 'example'],
    ['a.example.com', 'below'],
    ['a.b.example.com', 'below'],
    ['www.example.com', 'www'],
    ['x.shop.example.com', 'shops'],
    ['xn--bcher-kva.example', 'books'],
    ['127.0.0.1:80', 'v4'],
    ['[::1]:80', 'v6'],
  ])('serves %s', async (host, content) => {
    expect(contentOf(await ask(hosts, host))).toBe(content);
  });

  it.each(['example.org', 'badexample.com', 'com', '', 'constructor', 'example.com.evil.example'])(
    'answers %j with 421',
    async (host) => {
      const sent = await ask(hosts, host);
      expect([statusOf(sent), contentOf(sent)]).toEqual([421, '421 Misdirected Request\n']);
    },
  );

  it.each(['<script>alert(1)</script>', 'a"b', 'a b', 'a/b', 'a@b', 'a,b', 'a\\b'])(
    'never shows a host that is none: %s',
    async (host) => {
      const sent = await ask(hosts, host);
      expect(statusOf(sent)).toBe(400);
      expect(sent).not.toContain(host);
    },
  );

  it('takes the host of an absolute target, and has a fallback', async () => {
    const served = new ServedSite(hosts);
    const text = 'GET http://www.example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n';
    expect(contentOf(await served.ask(text))).toBe('www');
    const other = new NameVirtualHost({}, { fallback: name('other') });
    expect(contentOf(await ask(other, 'a'))).toBe('other');
    expect(contentOf(await new ServedSite(other).ask('GET / HTTP/1.0\r\n\r\n'))).toBe('other');
  });

  it('can change, and refuses names that are none', async () => {
    const changing = new NameVirtualHost().addHost('a.example', hello);
    expect(contentOf(await ask(changing, 'a.example'))).toBe('hello');
    expect([changing.removeHost('A.example'), changing.removeHost('a.example')]).toEqual([
      true,
      false,
    ]);
    for (const wrong of ['', 'a:80', 'http://a', 'a/b', '*', '*.', 'a..b', 'a b']) {
      expect(() => changing.addHost(wrong, hello), wrong).toThrow(
        'name must be the name of a host',
      );
    }
  });
});

describe('a redirect', () => {
  it.each<[string, string]>([
    ['/next', '/next'],
    ['https://example.com/?a=b&c', 'https://example.com/?a=b&c'],
    ['./é', './%C3%A9'],
    ['/"><script>alert(1)</script>', '/%22%3E%3Cscript%3Ealert(1)%3C/script%3E'],
    ["/'onclick='x", "/'onclick='x"],
    ['/\\evil.example', '/%5Cevil.example'],
    ['/a b', '/a%20b'],
    ['/a%20b', '/a%20b'],
    ['/\ud800', '/%EF%BF%BD'],
  ])('to %j has no markup of the address', async (location, field) => {
    const sent = await new ServedSite(redirectTo(location)).get('/');
    expect([statusOf(sent), fieldOf(sent, 'location')]).toEqual([302, field]);
    const page = contentOf(sent);
    expect(page.match(/<[a-z!/]+/gi)).toEqual([
      '<!doctype',
      '<title',
      '</title',
      '<p',
      '<a',
      '</a',
    ]);
    expect(page).toContain(`href="${field.replaceAll('&', '&amp;').replaceAll("'", '&#39;')}"`);
  });

  it.each([
    '',
    'a\r\nSet-Cookie: a=b',
    '\u0000',
    'javascript:alert(1)',
    'JavaScript:x',
    'data:text/html,x',
  ])('to %j is refused', (location) => {
    expect(() => redirectTo(location)).toThrow('location must be a URL');
  });

  it('has the status that was chosen', async () => {
    const post: Resource = { render: (context) => redirect(context, '/done', 303) };
    expect(
      statusOf(
        await new ServedSite(post).ask('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'),
      ),
    ).toBe(303);
    expect(() => redirectTo('/', 304 as never)).toThrow(
      'status must be one of 301, 302, 303, 307, 308',
    );
  });

  it.each([
    ['/a?b=c', '/a?b=c'],
    ['/', '/'],
    ['//evil.example', '/home'],
    ['/\\evil.example', '/home'],
    ['/a\\b', '/home'],
    ['/\t/evil.example', '/home'],
    ['\\/evil.example', '/home'],
    ['https://evil.example', '/home'],
    ['javascript:alert(1)', '/home'],
    ['a', '/home'],
    ['', '/home'],
    [null, '/home'],
    [undefined, '/home'],
  ])('stays on the site: %j', (location, expected) => {
    const local = localLocation(location, '/home');
    expect(local).toBe(expected);
    expect(new URL(local, 'https://site.example').origin).toBe('https://site.example');
  });
});

describe('Data', () => {
  it('has an entity tag, and answers 304 to clients that have it', async () => {
    const served = new ServedSite(new Data('body { }', 'text/css', { cacheControl: 'max-age=60' }));
    const sent = await served.get('/');
    const tag = fieldOf(sent, 'etag') ?? '';
    expect(tag).toMatch(/^"[\w-]{27}"$/);
    expect([
      contentOf(sent),
      fieldOf(sent, 'content-type'),
      fieldOf(sent, 'cache-control'),
    ]).toEqual(['body { }', 'text/css', 'max-age=60']);
    expect(statusOf(await served.get('/', `If-None-Match: ${tag}`))).toBe(304);
    expect(statusOf(await served.get('/', 'If-None-Match: "other"'))).toBe(200);
    const post = await served.ask('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
    expect([statusOf(post), fieldOf(post, 'allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    expect(statusOf(await served.get('/below'))).toBe(404);
  });

  it('refuses content and types that are none', () => {
    expect(() => new Data(5 as never, 'text/css')).toThrow('content must be');
    expect(() => new Data('', 'text/css\r\nA: b')).toThrow('Content-Type');
  });
});

describe('an adapter', () => {
  it('serves handlers of the engine and of the Web', async () => {
    const tree = new Branch({
      engine: handlerResource((request, response) => response.send(request.target)),
      web: fetchResource((request) => new Response(new URL(request.url).pathname, { status: 201 })),
      files: handlerResource(staticFiles('docs', { prefix: '/files' })),
    });
    const served = new ServedSite(tree);
    expect(contentOf(await served.get('/engine/a?b'))).toBe('/engine/a?b');
    const web = await served.get('/web/a');
    expect([statusOf(web), contentOf(web)]).toEqual([201, '/web/a']);
    expect(statusOf(await served.get('/files/../a'))).toBe(404);
  });

  it('lets requests wait for a resource, and fail with its reason', async () => {
    const found = new Deferred<Resource>();
    const served = new ServedSite(new Branch({ later: deferredResource(found) }));
    expect(await served.get('/later/a')).toBe('');
    found.callback(echo);
    expect(contentOf(await served.later())).toBe('[["later"],["a"]]');
    const failed = deferredResource(Promise.reject(new HTTPStatusError(503)));
    expect(statusOf(await new ServedSite(failed).get('/'))).toBe(503);
    const wrong = deferredResource(Promise.resolve('text' as never));
    expect(statusOf(await new ServedSite(wrong).get('/'))).toBe(500);
    expect(flushLoggedErrors()).toHaveLength(1);
    expect(() => deferredResource(echo as never)).toThrow('resource must be a promise');
  });
});

describe('trackContext', () => {
  it('has the context of each request, across promises', async () => {
    const ids: (string | undefined)[] = [];
    const show = async (): Promise<string> => {
      await Promise.resolve();
      ids.push(currentContext()?.id);
      return 'shown';
    };
    let made = 0;
    const served = new ServedSite(trackContext({ render: show }), {
      makeRequestId: () => `r${++made}`,
    });
    await Promise.all([served.get('/'), served.get('/')]);
    await new ServedSite({ render: show }).get('/');
    expect(ids).toEqual(['r1', 'r2', undefined]);
    expect(currentContext()).toBeUndefined();
  });

  it('adds the id to events of loggers that know nothing of it', async () => {
    const fields: unknown[] = [];
    const log = new Logger({
      namespace: 'shop',
      observer: withRequestIds((event) => void fields.push(event.fields)),
    });
    const logs: Resource = {
      render() {
        log.info('sold {what}', { what: 'rope' });
        log.info('kept', { requestId: 'own' });
        return '';
      },
    };
    await new ServedSite(trackContext(logs), { makeRequestId: () => 'r' }).get('/');
    log.info('outside');
    expect(fields).toEqual([{ what: 'rope', requestId: 'r' }, { requestId: 'own' }, {}]);
  });
});

it('a wrapper can be around any other', async () => {
  const clock = new ManualClock();
  const site = requestIds(
    securityFields(
      cors(
        limitTime(clock, limitRequests(clock, new Branch({ a: echo }), { requests: 5 }), {
          timeoutMs: 5,
        }),
        {
          origins: '*',
        },
      ),
    ),
  );
  const sent = await new ServedSite(site).get('/a/b', 'Origin: https://a.example');
  expect(contentOf(sent)).toBe('[["a"],["b"]]');
  expect(linesOf(sent)).toContain('Access-Control-Allow-Origin: *');
  expect(linesOf(sent)).toContain('X-Frame-Options: SAMEORIGIN');
  expect(get('/')).toContain('GET');
});
