/** Sites over HTTP/1.1 and HTTP/2: a visitor with cookies, tokens, logins and calls gets the same answers. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CGIScript } from '../../../src/cgi/index.js';
import { MemoryChecker, Portal, type Realm } from '../../../src/cred/index.js';
import { createReactor, type Reactor } from '../../../src/index.js';
import { JSONRPCResource, RPCMethods } from '../../../src/rpc/index.js';
import { flushLoggedErrors } from '../../../src/testing/index.js';
import {
  basicScheme,
  contextKey,
  cors,
  csrfToken,
  limitRequests,
  MemorySessionStore,
  type Resource,
  Router,
  redirectTo,
  Site,
  sessionKey,
  sessionOf,
  withCSRF,
  withGuard,
  withSessions,
} from '../../../src/web/index.js';
import { type Answer, Client1, Client2, type Exchange, type MakeHandler } from './both-versions.js';

afterEach(() => void flushLoggedErrors());

/** Bytes that are the same for both servers, and differ from call to call. */
function counter(): (size: number) => Buffer {
  let calls = 0;
  return (size) => Buffer.alloc(size, ++calls);
}

const COUNT = sessionKey<number>('count');
const USER = contextKey<string>('user');

const realm: Realm<{ user: string }, unknown, unknown> = {
  requestAvatar: (id: unknown) => ({ type: 'user', avatar: String(id), logout: () => {} }),
} as never;

const methods = new RPCMethods()
  .add('add', (a: number, b: number) => a + b, { params: ['a', 'b'] })
  .add('broken', () => {
    throw new Error('secret');
  });

const shop = new Router()
  .get('/', () => 'shop')
  .get('/items/:id(int)', ({ params }) => ({ id: params.id }))
  .put('/items/:id(int)', ({ request }) => request.json())
  .get('/old', redirectTo('/shop/new?a=b', 301))
  .get('/files/*path', ({ params }) => params.path);

const counting: Resource = {
  isLeaf: true,
  async render(context) {
    const session = await sessionOf(context);
    const count = (session.get(COUNT) ?? 0) + 1;
    session.set(COUNT, count);
    const { method } = context.request;
    return { count, ...(method === 'GET' ? { token: await csrfToken(context) } : {}) };
  },
};

const secret: Resource = { isLeaf: true, render: (context) => context.get(USER) };

const site: MakeHandler = (clock) => {
  const portal = new Portal(realm, [new MemoryChecker({ alice: 'secret' })] as never);
  const schemes = [basicScheme('home')] as never;
  const root = new Router()
    .mount('/shop', shop)
    .mount(
      '/count',
      withSessions(withCSRF(counting, { randomBytes: counter() }), {
        store: new MemorySessionStore(clock),
        clock,
        randomBytes: counter(),
      }),
    )
    .mount('/secret', withGuard(secret, { portal, schemes, avatar: USER as never }))
    .mount('/api', cors(shop, { origins: ['https://a.example'], exposedFields: ['ETag'] }))
    .mount('/limited', limitRequests(clock, { render: () => 'hi', isLeaf: true }, { requests: 2 }))
    .mount('/rpc', new JSONRPCResource(clock, methods));
  return new Site(root).handler;
};

type Step = Exchange | ((answers: readonly Answer[]) => Exchange);

/** The value of a field of an answer. */
function fieldOf(answer: Answer | undefined, name: string): string {
  const line = answer?.fields.find((field) => field.startsWith(`${name}: `));
  return line?.slice(name.length + 2) ?? '';
}

function cookieOf(answer: Answer | undefined): [string, string] {
  return ['Cookie', `other=1; ${fieldOf(answer, 'set-cookie').split(';')[0]}`];
}

function tokenOf(answer: Answer | undefined): string {
  return (JSON.parse(answer?.content ?? '') as { token: string }).token;
}

function basic(text: string): Exchange {
  const value = `Basic ${Buffer.from(text).toString('base64')}`;
  return { path: '/secret', fields: [['Authorization', value]] };
}

function from(origin: string, ...more: [string, string][]): [string, string][] {
  return [['Origin', origin], ...more];
}

function call(content: string, type = 'application/json'): Exchange {
  return { path: '/rpc', content, fields: [['Content-Type', type]] };
}

const count: Step = ([first]) => ({ path: '/count', fields: [cookieOf(first)] });
const change: Step = ([first]) => ({
  path: '/count',
  content: '',
  fields: [cookieOf(first), ['X-CSRF-Token', tokenOf(first)], ['Origin', 'http://a']],
});
const foreign: Step = ([first]) => ({
  path: '/count',
  content: '',
  fields: [cookieOf(first), ['Origin', 'https://evil.example']],
});
const asked = from('https://a.example', ['Access-Control-Request-Method', 'PUT']);
const limited: Exchange = { path: '/limited' };

const VISITS: Readonly<Record<string, readonly [statuses: readonly number[], steps: Step[]]>> = {
  routes: [
    [200, 200, 200, 404, 404, 405, 200],
    [
      { path: '/shop/' },
      { path: '/shop/items/7' },
      { path: '/shop/items/7', method: 'PUT', content: '{"a":1}' },
      { path: '/shop/items/x' },
      { path: '/nowhere' },
      { path: '/shop/items/7', method: 'DELETE' },
      { path: '/shop/files/a/b%20c' },
    ],
  ],
  redirects: [[301], [{ path: '/shop/old' }]],
  HEAD: [[200, 404], ['/shop/', '/nowhere'].map((path) => ({ path, method: 'HEAD' }))],
  'a session': [
    [200, 200, 200],
    [{ path: '/count' }, count, count],
  ],
  'tokens against requests of other sites': [
    [200, 200, 403, 403],
    [{ path: '/count' }, change, foreign, { path: '/count', content: '' }],
  ],
  logins: [
    [401, 401, 200],
    [{ path: '/secret' }, basic('alice:wrong'), basic('alice:secret')],
  ],
  'requests of other origins': [
    [204, 200, 200],
    [
      { path: '/api/items/7', method: 'OPTIONS', fields: asked },
      { path: '/api/items/7', fields: from('https://a.example') },
      { path: '/api/items/7', fields: from('https://b.example') },
    ],
  ],
  'a limited rate': [
    [200, 200, 429],
    [limited, limited, limited],
  ],
  'calls of JSON-RPC': [
    [200, 200, 200, 200, 204, 415, 405],
    [
      call('{"jsonrpc":"2.0","id":1,"method":"add","params":[1,2]}'),
      call('{"jsonrpc":"2.0","id":1,"method":"broken"}'),
      call('[{"jsonrpc":"2.0","id":1,"method":"add","params":{"a":1,"b":2}},5]'),
      call('{"jsonrpc":'),
      call('{"jsonrpc":"2.0","method":"add","params":[1,2]}'),
      call('{}', 'image/png'),
      { path: '/rpc' },
    ],
  ],
};

async function visit(client: Client1 | Client2, steps: readonly Step[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const step of steps) {
    answers.push(await client.ask(typeof step === 'function' ? step(answers) : step));
  }
  return answers;
}

describe('a site over HTTP/1.1 and HTTP/2 gives the same answers', () => {
  it.each(Object.entries(VISITS))('to %s', async (_, [statuses, steps]) => {
    const first = await visit(new Client1(site, {}), steps);
    expect(first.map(({ status }) => status)).toEqual(statuses);
    expect(await visit(new Client2(site, {}), steps)).toEqual(first);
  });
});

/** `$0` and ports are those of one script: only what a request changes is in its answer. */
const SCRIPT = `#!/bin/sh
printf 'Status: 201 Made\\nContent-Type: text/plain\\nSet-Cookie: a=1\\nSet-Cookie: b=2\\n\\n'
echo "$REQUEST_METHOD $PATH_INFO $QUERY_STRING $CONTENT_LENGTH $CONTENT_TYPE $HTTP_COOKIE $HTTP_X_A"
tr a-z A-Z
`;

describe.runIf(process.platform !== 'win32')('a CGI script', () => {
  let folder: string;
  let reactor: Reactor;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ropewalk-cgi-'));
    writeFileSync(join(folder, 'script'), SCRIPT);
    chmodSync(join(folder, 'script'), 0o755);
    reactor = createReactor();
  });
  afterAll(async () => {
    await reactor[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  it('gets the same requests over HTTP/1.1 and HTTP/2, and gives the same answers', async () => {
    const make: MakeHandler = () =>
      new Site(new Router().mount('/script', new CGIScript(reactor, join(folder, 'script'))))
        .handler;
    const fields: [string, string][] = [
      ['Content-Type', 'text/x'],
      ['Cookie', 'a=1; b=2'],
      ['X-A', 'c'],
    ];
    const steps = [
      { path: '/script/a%20b?c=d', content: 'x'.repeat(50_000), fields },
      { path: '/script' },
    ];
    const first = await visit(new Client1(make, {}), steps);
    expect(first.map(({ status }) => status)).toEqual([201, 201]);
    expect(first[0]?.content).toMatch(/^POST \/a b c=d 50000 text\/x a=1; b=2 c\nX{50000}$/);
    expect(await visit(new Client2(make, {}), steps)).toEqual(first);
  });
});
