/** Wrappers that change requests and answers. */
import { describe, expect, it } from 'vitest';
import type { AccessLog } from '../../src/http/index.js';
import { Logger } from '../../src/logger/index.js';
import { flushLoggedErrors, ManualClock } from '../../src/testing/index.js';
import {
  Branch,
  cors,
  currentContext,
  limitRequests,
  limitTime,
  type Resource,
  requestIdOf,
  requestIds,
  rewrite,
  scriptNonce,
  securityFields,
  trackContext,
  withRequestIds,
} from '../../src/web/index.js';
import {
  broken,
  contentOf,
  echo,
  fieldOf,
  get,
  hello,
  linesOf,
  ServedSite,
  statusOf,
} from './site.js';

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
