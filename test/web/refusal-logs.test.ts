/** What is logged of requests that are refused. */
import { describe, expect, it } from 'vitest';
import { limitGuesses, MemoryChecker, Portal } from '../../src/cred/index.js';
import { Deferred } from '../../src/defer/deferred.js';
import { HTTPStatusError } from '../../src/http/index.js';
import { formatEvent, Logger, type LogThreshold } from '../../src/logger/index.js';
import { RPCMethods, XMLRPCResource } from '../../src/rpc/index.js';
import { ManualClock } from '../../src/testing/index.js';
import {
  basicScheme,
  contextKey,
  cors,
  csrfToken,
  Form,
  FormLogin,
  field,
  limitRequests,
  limitTime,
  MemorySessionStore,
  NameVirtualHost,
  type Resource,
  withCSRF,
  withGuard,
  withSessions,
} from '../../src/web/index.js';
import { contentOf, fieldOf, get, ServedSite, statusOf } from './site.js';

interface LoggedSite {
  readonly site: ServedSite;
  /** Since the last call: level, id of the request, message. */
  lines(): string[];
  /** The number of ids that were made. */
  ids(): number;
}

function logged(root: Resource, level: LogThreshold = 'debug'): LoggedSite {
  let lines: string[] = [];
  let made = 0;
  const logger = new Logger({
    namespace: 'shop',
    level,
    observer: (event) => {
      lines.push(`${event.level} ${event.fields.requestId} ${formatEvent(event)}`);
    },
  });
  const site = new ServedSite(root, { logger, makeRequestId: () => `r${++made}` });
  return {
    site,
    lines: () => {
      const taken = lines;
      lines = [];
      return taken;
    },
    ids: () => made,
  };
}

function posted(content: string, ...fields: string[]): string {
  const lines = [...fields, `Content-Length: ${content.length}`].map((one) => `${one}\r\n`);
  return `POST /a?secret HTTP/1.1\r\nHost: a\r\n${lines.join('')}\r\n${content}`;
}

const URLENCODED = 'Content-Type: application/x-www-form-urlencoded';
const USER = contextKey<unknown>('user');
const portal = (): Portal<never, never> =>
  new Portal({ requestAvatar: (id: unknown) => ({ type: 'user', avatar: id }) } as never, [
    limitGuesses(new MemoryChecker({ alice: 'sesame' }), {
      clock: new ManualClock(),
      maxPerUser: 1,
    }) as never,
  ]) as never;

describe('a request that withCSRF refuses', () => {
  const page: Resource = { isLeaf: true, render: (context) => csrfToken(context) };

  it('is logged with its id and the reason, without tokens', async () => {
    const { site, lines } = logged(withCSRF(page, { keys: ['k'.repeat(32)] }));
    const visit = await site.get('/');
    const token = contentOf(visit);
    const [cookie = ''] = (fieldOf(visit, 'Set-Cookie') ?? '').split(';');
    const post = async (content: string, ...fields: string[]): Promise<string[]> => {
      const answer = await site.ask(posted(content, URLENCODED, ...fields));
      return [`${statusOf(answer)}`, ...lines()];
    };
    const refused = (id: number, reason: string): string[] => [
      '403',
      `info r${id} refused POST /a with 403: withCSRF: ${reason}`,
    ];
    const cross = 'Origin: https://evil.example';
    expect(await post('', cross)).toEqual(refused(1, 'another site has caused it'));
    expect(await post('')).toEqual(refused(2, 'the browser has no token, or has lost its cookie'));
    expect(await post('a=b', `Cookie: ${cookie}`)).toEqual(
      refused(3, 'it has no token in the field X-CSRF-Token or as _csrf of the form'),
    );
    const wrong = `${token.slice(0, -2)}xx`;
    expect(await post(`_csrf=${wrong}`, `Cookie: ${cookie}`)).toEqual(
      refused(4, 'its token is not valid'),
    );
    expect(await post(`_csrf=${token}`, `Cookie: ${cookie}`)).toEqual(['200']);
  });

  it('names the session if that has the secret', async () => {
    const clock = new ManualClock();
    const store = new MemorySessionStore(clock);
    const { site, lines } = logged(withSessions(withCSRF(page), { store, clock }));
    await site.ask(posted('', URLENCODED));
    expect(lines()[0]).toMatch(/or has lost its session$/);
  });
});

describe('a login that is refused', () => {
  it('is logged by withGuard, without credentials', async () => {
    const guarded = withGuard(
      { isLeaf: true, render: () => 'hi' },
      { portal: portal(), schemes: [basicScheme('r')] as never, avatar: USER as never },
    );
    const { site, lines } = logged(guarded);
    const authorization = (text: string): string =>
      `Authorization: Basic ${Buffer.from(text).toString('base64')}`;
    await site.get('/');
    await site.get('/', authorization('hunter2'));
    await site.get('/', authorization('alice:hunter2'));
    await site.get('/', authorization('alice:hunter2'));
    expect(lines()).toEqual([
      'debug r1 refused GET / with 401: withGuard: no credentials for its schemes',
      'info r2 refused GET / with 401: withGuard: Basic: the credentials are malformed',
      'info r3 refused GET / with 401: withGuard: the credentials are not valid',
      'info r4 refused GET / with 429: withGuard: too many failed logins',
    ]);
  });

  it('is logged by FormLogin, without name and password', async () => {
    const login = new FormLogin({
      portal: portal(),
      avatar: USER as never,
      loginPath: '/login',
      page: ({ problem }) => problem ?? 'none',
    });
    const clock = new ManualClock();
    const root: Resource = { isLeaf: true, render: (context) => login.form.render(context) };
    const { site, lines } = logged(
      withSessions(root, { store: new MemorySessionStore(clock), clock }),
    );
    await site.ask(posted('username=alice', URLENCODED));
    await site.ask(posted('username=alice&password=hunter2', URLENCODED));
    await site.ask(posted('username=alice&password=hunter2', URLENCODED));
    await site.ask(posted('', URLENCODED, 'Origin: https://evil.example'));
    expect(lines()).toEqual([
      'info r1 refused POST /a with 403: FormLogin: the form is incomplete',
      'info r2 refused POST /a with 403: FormLogin: the credentials are not valid',
      'info r3 refused POST /a with 429: FormLogin: too many failed logins',
      'info r4 refused POST /a with 403: FormLogin: another site has caused it',
    ]);
  });
});

describe('a request that has its own status', () => {
  const NOTE = new Form({ note: field.text({ maxLength: 10 }) }, { maxBytes: 20 });
  const form: Resource = {
    isLeaf: true,
    render: async (context) => (await NOTE.read(context)).ok && 'read',
  } as Resource;
  const json: Resource = { isLeaf: true, render: ({ request }) => request.json() as never };
  const conflict: Resource = {
    isLeaf: true,
    render: () => {
      throw new HTTPStatusError(409, 'the note is being written');
    },
  };
  const slow: Resource = { isLeaf: true, render: () => new Promise<string>(() => {}) };
  const clock = new ManualClock();
  const calls = new XMLRPCResource(clock, new RPCMethods());
  const rpc: Resource = { isLeaf: true, render: (context) => calls.render(context) };

  it.each<[Resource, string, string]>([
    [form, posted('x', 'Content-Type: text/plain'), '415: the content is not a form'],
    [
      form,
      posted('x', 'Content-Type: multipart/form-data'),
      '400: the peer sent a malformed form: ',
    ],
    [form, posted(`note=${'x'.repeat(30)}`, URLENCODED), '413: '],
    [json, posted('{'), '400: the content is malformed'],
    [conflict, posted(''), '409: the note is being written'],
    [cors(form, { origins: ['https://a.example'] }), 'OPTIONS', '403: cors: '],
    [new NameVirtualHost({ 'b.example': form }), posted(''), '421: NameVirtualHost: no resource'],
    [rpc, posted('x'), '415: the content type is none of text/xml'],
    [form, get('/%zz'), '400: the path is malformed'],
    [form, get('/a//b'), '404: the path could be understood in two ways'],
  ])('is logged', async (root, request, expected) => {
    const { site, lines } = logged(root);
    const preflight =
      'OPTIONS /a HTTP/1.1\r\nHost: a\r\nOrigin: https://b.example\r\nAccess-Control-Request-Method: POST\r\n\r\n';
    const answer = await site.ask(request === 'OPTIONS' ? preflight : request);
    const [line, ...others] = lines();
    expect(line).toMatch(/^(debug|info) r1 refused [A-Z]+ \/\S* with /);
    expect(line).toContain(` with ${expected}`);
    expect(line).not.toContain('secret');
    expect(statusOf(answer)).toBe(Number(expected.slice(0, 3)));
    expect(others).toEqual([]);
  });

  it('is logged if it is slow, or one of too many', async () => {
    const late = logged(limitTime(clock, slow, { timeoutMs: 10 }));
    await late.site.get('/');
    clock.advance(10);
    expect(late.lines()).toEqual([
      'warn r1 refused GET / with 503: limitTime: the resource took longer than 10 ms',
    ]);
    const deferred: Resource = { isLeaf: true, render: () => new Deferred<string>() };
    const cancelled = logged(limitTime(clock, deferred, { timeoutMs: 10 }));
    await cancelled.site.get('/');
    clock.advance(10);
    expect(statusOf(await cancelled.site.later())).toBe(503);
    expect(cancelled.lines()).toEqual([
      'warn r1 refused GET / with 503: limitTime: the resource took longer than 10 ms',
    ]);
    const many = logged(limitRequests(clock, conflict, { requests: 1 }));
    await many.site.get('/');
    await many.site.get('/');
    expect(many.lines()[1]).toBe(
      'debug r2 refused GET / with 429: limitRequests: too many requests',
    );
  });

  it('is not logged, and has no id, without debug', async () => {
    const { site, lines, ids } = logged(form, 'info');
    expect(statusOf(await site.ask(posted('x', 'Content-Type: text/plain')))).toBe(415);
    expect([lines(), ids()]).toEqual([[], 0]);
  });

  it('is answered as without debug', async () => {
    const later: Resource = { isLeaf: true, render: async () => 'later' };
    for (const root of [form, json, later, { render: () => 'now' }]) {
      const request = posted('{"a":1}', 'Content-Type: application/json');
      const texts = await Promise.all(
        (['debug', 'info'] as const).map((level) => logged(root, level).site.ask(request)),
      );
      expect(texts[0]).toBe(texts[1]);
    }
  });
});
