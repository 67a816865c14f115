/** `fetch` of an agent beside that of Node, against the same server: results and errors are the same. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Agent, HTTPCache } from '../../../src/http/index.js';
import { createReactor } from '../../../src/index.js';
import { within } from '../../support/deadline.js';
import { answer, TEXT } from './fetch-server.js';

type FetchLike = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

const SHA256 = createHash('sha256').update(TEXT).digest('base64');
const SHA512 = createHash('sha512').update(TEXT).digest('base64');

let origin = '';
let other = '';
const servers = [createServer(answer), createServer(answer)];
let agent: Agent;

beforeAll(async () => {
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
        }),
    ),
  );
  [origin = '', other = ''] = ports.map((port) => `http://127.0.0.1:${port}`);
});

afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

const reactor = createReactor({ kind: 'node' });

beforeEach(() => {
  agent = new Agent(reactor);
});

afterEach(async () => {
  await agent.abort();
});

/** What a caller sees of an outcome. */
async function outcomeOf(
  fetch: FetchLike,
  run: (fetch: FetchLike) => Promise<Response>,
): Promise<unknown> {
  try {
    const response = await run(fetch);
    const copy = response.clone();
    const { status, statusText, ok, redirected, type, url, bodyUsed } = response;
    const isNull = response.body === null;
    const headers = [...response.headers].filter(
      ([name]) => !/^(date|connection|keep-alive)$/.test(name),
    );
    const cookies = response.headers.getSetCookie();
    const facts = {
      status,
      statusText,
      ok,
      redirected,
      type,
      url,
      bodyUsed,
      isNull,
      headers,
      cookies,
    };
    let content: unknown;
    try {
      content = await response.text();
    } catch (error) {
      content = errorOf(error);
      await copy.text().catch(() => {});
    }
    const isSame = copy.bodyUsed || (await copy.text()) === content;
    return { ...facts, content, isSame, copied: [copy.url, copy.type, copy.redirected] };
  } catch (error) {
    return errorOf(error);
  }
}

function errorOf(error: unknown): unknown {
  if (!(error instanceof Error)) return { thrown: error };
  const hasCause = error.cause instanceof Error;
  return { name: error.name, constructor: error.constructor.name, hasCause };
}

function form(): FormData {
  const made = new FormData();
  made.append('text', 'two\nlines\r\nand "quotes"');
  made.append('na"me\n', 'ä');
  made.append('file', new File(['content'], 'a "b".txt', { type: 'text/plain' }));
  made.append('blob', new Blob(['more']));
  return made;
}

function streamed(...pieces: readonly unknown[]): ReadableStream<Uint8Array> {
  const left = [...pieces];
  return new ReadableStream({
    async pull(controller) {
      const piece = left.shift();
      if (piece === undefined) controller.close();
      else
        controller.enqueue((typeof piece === 'string' ? Buffer.from(piece) : piece) as Uint8Array);
    },
  });
}

const half = { duplex: 'half' } as const;

type Case = (fetch: FetchLike) => Promise<Response>;

const CASES: Record<string, Case> = {
  'a GET': (fetch) => fetch(`${origin}/echo?a=b#fragment`),
  'a URL object': (fetch) => fetch(new URL('/echo', origin)),
  'a Request': (fetch) => fetch(new Request(`${origin}/echo`, { headers: { 'X-Mine': '1' } })),
  'a Request with changes': (fetch) =>
    fetch(new Request(`${origin}/echo`, { headers: { 'X-Mine': '1' } }), { method: 'delete' }),
  'a HEAD': (fetch) => fetch(`${origin}/status/200`, { method: 'HEAD' }),
  'a method in lower case': (fetch) => fetch(`${origin}/echo`, { method: 'post' }),
  'another method': (fetch) => fetch(`${origin}/echo`, { method: 'PURGE' }),
  'several lines of a field': (fetch) => fetch(`${origin}/cookies`),
  'coded content': (fetch) => fetch(`${origin}/gzip`),
  'text as body': (fetch) => fetch(`${origin}/echo`, { method: 'POST', body: 'hällo' }),
  'empty text as body': (fetch) => fetch(`${origin}/echo`, { method: 'POST', body: '' }),
  'bytes as body': (fetch) =>
    fetch(`${origin}/echo`, { method: 'PUT', body: Buffer.from('bytes') }),
  'an ArrayBuffer as body': (fetch) =>
    fetch(`${origin}/echo`, { method: 'PUT', body: new Uint8Array([104, 105]).buffer }),
  'a view as body': (fetch) =>
    fetch(`${origin}/echo`, {
      method: 'PUT',
      body: new DataView(new Uint8Array([0, 104, 105]).buffer, 1),
    }),
  'parameters as body': (fetch) =>
    fetch(`${origin}/echo`, { method: 'POST', body: new URLSearchParams({ a: 'b c' }) }),
  'a Blob as body': (fetch) =>
    fetch(`${origin}/echo`, { method: 'POST', body: new Blob(['blob'], { type: 'text/css' }) }),
  'a form as body': (fetch) => fetch(`${origin}/echo`, { method: 'POST', body: form() }),
  'a stream as body': (fetch) =>
    fetch(`${origin}/echo`, { method: 'POST', body: streamed('a', 'b', 'c'), ...half }),
  'a Request with text': (fetch) =>
    fetch(new Request(`${origin}/echo`, { method: 'POST', body: 'text' })),
  'a Request with a stream': (fetch) =>
    fetch(new Request(`${origin}/echo`, { method: 'POST', body: streamed('a', 'b'), ...half })),
  'a body with a Content-Type': (fetch) =>
    fetch(`${origin}/echo`, {
      method: 'POST',
      body: '{}',
      headers: { 'Content-Type': 'application/json' },
    }),
  'the right Content-Length': (fetch) =>
    fetch(`${origin}/echo`, { method: 'POST', body: 'text', headers: { 'Content-Length': '4' } }),
  'a wrong Content-Length': (fetch) =>
    fetch(`${origin}/echo`, { method: 'POST', body: 'text', headers: { 'Content-Length': '5' } }),
  'integrity that is right': (fetch) =>
    fetch(`${origin}/status/200`, { integrity: `sha256-${SHA256} sha512-${SHA512}` }),
  'integrity that is wrong': (fetch) =>
    fetch(`${origin}/status/200`, { integrity: `sha256-${SHA512}` }),
  'integrity, of which the strongest is wrong': (fetch) =>
    fetch(`${origin}/status/200`, { integrity: `sha256-${SHA256} sha512-${SHA256}` }),
  'credentials in a field': (fetch) =>
    fetch(`${origin}/echo`, {
      headers: { Authorization: 'Basic x', Cookie: 'a=1' },
      credentials: 'omit',
    }),
  'a server that does not answer': (fetch) => fetch(`${origin}/none`, { method: 'POST' }),
  'a port that is closed': (fetch) => fetch('http://127.0.0.1:9/'),
  'content that is cut off': (fetch) => fetch(`${origin}/cut`),
  'a signal that has aborted': (fetch) => fetch(origin, { signal: AbortSignal.abort() }),
  'a signal with a reason': (fetch) => fetch(origin, { signal: AbortSignal.abort('enough') }),
  'a signal that aborts': (fetch) => fetch(`${origin}/silent`, { signal: AbortSignal.timeout(20) }),
  'a signal of a Request': (fetch) =>
    fetch(new Request(`${origin}/silent`, { signal: AbortSignal.timeout(20) })),
  'a signal that aborts in the content': (fetch) =>
    fetch(`${origin}/half`, { signal: AbortSignal.timeout(100) }),
  'a relative URL': (fetch) => fetch('/echo'),
  'a URL with a user': (fetch) => fetch('http://u:p@127.0.0.1/'),
  'another scheme': (fetch) => fetch('ftp://127.0.0.1/'),
  'GET with a body': (fetch) => fetch(origin, { body: 'x' }),
  'a stream without duplex': (fetch) => fetch(origin, { method: 'POST', body: streamed('x') }),
  'a stream of text': (fetch) =>
    fetch(`${origin}/echo`, { method: 'POST', body: streamed('a', 7), ...half }),
  'a body that was used': async (fetch) => {
    const request = new Request(`${origin}/echo`, { method: 'POST', body: 'x' });
    await request.text();
    return fetch(request);
  },
  'a method that is forbidden': (fetch) => fetch(origin, { method: 'CONNECT' }),
  'a method that is malformed': (fetch) => fetch(origin, { method: 'a b' }),
  'a field that is malformed': (fetch) => fetch(origin, { headers: { 'a b': 'c' } }),
  'a mode of redirections that does not exist': (fetch) =>
    fetch(origin, { redirect: 'sometimes' as 'follow' }),
  'only-if-cached': (fetch) => fetch(origin, { cache: 'only-if-cached' } as RequestInit),
};

for (const status of [200, 201, 204, 205, 299, 304, 400, 404, 500, 503, 599]) {
  CASES[`status ${status}`] = (fetch) => fetch(`${origin}/status/${status}`);
}
for (const status of [301, 302, 303, 307, 308]) {
  const post = { method: 'POST', body: 'text' };
  CASES[`${status} to GET`] = (fetch) => fetch(`${origin}/redirect/${status}#part`);
  CASES[`${status} to POST`] = (fetch) => fetch(`${origin}/redirect/${status}`, post);
  // After 301 and 302 Node refuses a stream, although GET needs none.
  if (status > 302) {
    CASES[`${status} to a stream`] = (fetch) =>
      fetch(`${origin}/redirect/${status}`, { method: 'POST', body: streamed('a'), ...half });
  }
  CASES[`${status} to a Blob`] = (fetch) =>
    fetch(`${origin}/redirect/${status}`, { method: 'PUT', body: new Blob(['again']) });
  CASES[`${status}, manual`] = (fetch) =>
    fetch(`${origin}/redirect/${status}`, { redirect: 'manual' });
  CASES[`${status}, error`] = (fetch) =>
    fetch(`${origin}/redirect/${status}`, { redirect: 'error' });
}
Object.assign(CASES, {
  'a redirection to another origin': (fetch: FetchLike) =>
    fetch(`${origin}/redirect/307?to=${other}/echo`, {
      headers: { Authorization: 'Basic x', Cookie: 'a=1', 'X-Mine': '1' },
    }),
  'a redirection to itself': (fetch: FetchLike) =>
    fetch(`${origin}/redirect/302?to=${encodeURIComponent('/redirect/302?to=/redirect/302')}`),
  'a redirection to another scheme': (fetch: FetchLike) =>
    fetch(`${origin}/redirect/302?to=ftp://a/`),
  'a redirection to no URL': (fetch: FetchLike) => fetch(`${origin}/redirect/302?to=http://[`),
});

describe('fetch of an agent, as that of Node', () => {
  it.each(Object.entries(CASES))('%s', async (_name, run) => {
    const [ours, theirs] = await Promise.all([outcomeOf(agent.fetch, run), outcomeOf(fetch, run)]);
    expect(ours).toEqual(theirs);
  });
});

describe('fetch of an agent', () => {
  it('is a function that is passed on as a value, and of the same type', async () => {
    const passed: typeof fetch = agent.fetch;
    expect(await (await passed(`${origin}/status/200`)).text()).toBe(TEXT);
  });

  it('has the error of the agent as cause', async () => {
    const refused = await agent.fetch('http://127.0.0.1:9/').catch((error: unknown) => error);
    expect(refused).toMatchObject({
      message: 'fetch failed',
      cause: { name: 'ConnectionRefusedError' },
    });
    const response = await agent.fetch(`${origin}/cut`);
    await expect(response.text()).rejects.toMatchObject({
      message: 'terminated',
      cause: { code: 'ERR_INCOMPLETE_HTTP_MESSAGE' },
    });
  });

  it.each<[string, RequestInit]>([
    ['mode', { mode: 'no-cors' }],
    ['mode', { mode: 'same-origin' }],
    ['referrer', { referrer: 'http://a/' }],
    ['referrerPolicy', { referrerPolicy: 'origin' }],
    ['dispatcher', { dispatcher: {} } as RequestInit],
  ])('refuses %s, which it cannot honour', async (option, init) => {
    await expect(agent.fetch(origin, init)).rejects.toThrow(
      expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(option) }),
    );
  });

  it('is relative to baseURL, and keeps and omits credentials', async () => {
    const auth = { username: 'u', password: 'p' };
    const jar = { getCookieString: async () => 'a=1', setCookie: async () => {} };
    const own = new Agent(reactor, { baseURL: origin, auth, cookies: jar });
    const sent = async (init?: RequestInit): Promise<{ authorization?: string; cookie?: string }> =>
      (await (await own.fetch('/echo', init)).json()) as { authorization?: string };
    expect(await sent()).toMatchObject({ authorization: 'Basic dTpw', cookie: 'a=1' });
    const omitted = await sent({ credentials: 'omit' });
    expect([omitted.authorization, omitted.cookie]).toEqual([undefined, undefined]);
    await own.close();
  });

  it('adds the fields of cache and priority', async () => {
    const seen: unknown[] = [];
    const own = new Agent(reactor, {
      interceptors: [
        (next) => (request) => {
          seen.push(
            request.fields.filter(([name]) => /^(cache-control|pragma|priority)$/i.test(name)),
          );
          return next(request);
        },
      ],
    });
    const inits = [
      { cache: 'no-store' },
      { cache: 'no-cache' },
      { cache: 'reload' },
      { cache: 'no-cache', headers: { 'Cache-Control': 'max-age=9' } },
      { cache: 'force-cache' },
      { priority: 'high' },
      { priority: 'low' },
      {},
    ];
    for (const init of inits)
      await (await own.fetch(`${origin}/status/204`, init as RequestInit)).text();
    expect(seen).toEqual([
      [
        ['Cache-Control', 'no-cache'],
        ['Pragma', 'no-cache'],
      ],
      [['Cache-Control', 'max-age=0']],
      [
        ['Cache-Control', 'no-cache'],
        ['Pragma', 'no-cache'],
      ],
      [['cache-control', 'max-age=9']],
      [],
      [['Priority', 'u=1']],
      [['Priority', 'u=5']],
      [],
    ]);
    await own.close();
  });

  it('uses the cache of the agent as the option cache says', async () => {
    const requests: string[] = [];
    const server = createServer((request, response) => {
      requests.push(`${request.url} ${request.headers['if-none-match'] ?? '-'}`);
      response.setHeader('ETag', '"1"').setHeader('Cache-Control', 'max-age=60');
      if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
      else response.end(`answer ${requests.length}`);
    });
    await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
    const own = new Agent(reactor, { cache: new HTTPCache() });
    const { port } = server.address() as AddressInfo;
    const get = async (path: string, init: Record<string, unknown> = {}): Promise<string> =>
      (await own.fetch(`http://127.0.0.1:${port}${path}`, init as RequestInit)).text();
    const asked = { cache: 'only-if-cached', mode: 'same-origin' };
    await expect(get('/a', asked)).rejects.toThrow('fetch failed');
    expect(await get('/a')).toBe('answer 1');
    expect(await get('/a', asked)).toBe('answer 1');
    const longer = { 'Cache-Control': 'max-age=999' };
    expect(await get('/a', { cache: 'no-cache', headers: longer })).toBe('answer 1');
    expect(await get('/a', { cache: 'reload' })).toBe('answer 3');
    expect(await get('/a', { cache: 'force-cache' })).toBe('answer 3');
    expect(await get('/a', { cache: 'no-store', headers: longer })).toBe('answer 4');
    expect(await get('/a')).toBe('answer 3');
    expect(await get('/b', { cache: 'no-store', headers: longer })).toBe('answer 5');
    expect(await get('/b')).toBe('answer 6');
    expect(requests).toEqual(['/a -', '/a "1"', '/a -', '/a -', '/b -', '/b -']);
    await expect(agent.fetch(origin, asked as RequestInit)).rejects.toMatchObject({
      cause: { code: 'ERR_INVALID_ARG_VALUE' },
    });
    await own.close();
    server.close();
  });

  it('follows 301 and 302 after a POST by GET, which needs no body', async () => {
    const init = { method: 'POST', body: streamed('a'), ...half };
    const response = await agent.fetch(`${origin}/redirect/302`, init);
    expect(await response.json()).toMatchObject({ method: 'GET', content: '' });
  });

  it('sends a form again with the boundary of its Content-Type', async () => {
    // Node chooses another one.
    const response = await agent.fetch(`${origin}/redirect/308`, { method: 'PUT', body: form() });
    const { content, type } = (await response.json()) as Record<string, string>;
    expect(type).toBe('multipart/form-data; boundary=BOUNDARY');
    expect(content).toMatch(/^--BOUNDARY\r\n[\s\S]*\r\n--BOUNDARY--\r\n$/);
  });

  it('sends a stream with the length of Content-Length', async () => {
    const headers = { 'Content-Length': '3' };
    const init = { method: 'POST', body: streamed('a', 'bc'), headers, ...half };
    const sent = await (await agent.fetch(`${origin}/echo`, init)).json();
    expect(sent).toMatchObject({ isWhole: true, content: 'abc' });
    expect(sent).not.toHaveProperty('isChunked');
  });

  it('streams both ways, no faster than it is read', async () => {
    const server = createServer((request, response) => request.pipe(response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    let sent = 0;
    const size = 64 * 1024 * 1024;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536));
        if (sent === size) controller.close();
      },
    });
    const { port } = server.address() as AddressInfo;
    const response = await agent.fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body,
      ...half,
    });
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect(sent).toBeLessThan(size);
    let received = 0;
    for await (const piece of response.body ?? []) received += (piece as Uint8Array).length;
    expect([sent, received]).toEqual([size, size]);
    server.close();
  });

  it('cancels a body that is not sent to its end, even while a piece is awaited', async () => {
    const cancelled = new Promise<void>((resolve) => {
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) =>
          controller.desiredSize === 1
            ? controller.enqueue(Buffer.from('x'))
            : new Promise(() => {}),
        cancel: () => resolve(),
      });
      const signal = AbortSignal.timeout(50);
      agent.fetch(`${origin}/silent`, { method: 'POST', body, signal, ...half }).catch(() => {});
    });
    await within(cancelled, 'the end of the body');
  });

  it('is aborted between the head of the response and the result', async () => {
    for (let turns = 0; turns < 8; turns++) {
      const controller = new AbortController();
      const abortSoon = async (): Promise<void> => {
        for (let turn = 0; turn < turns; turn++) await undefined;
        controller.abort('late');
      };
      const aborting = new Agent(reactor, {
        interceptors: [
          (next) => (request) =>
            next(request).addCallback((response) => {
              void abortSoon();
              return response;
            }),
        ],
      });
      const fetched = aborting
        .fetch(`${origin}/half`, { signal: controller.signal })
        .then((response) => response.text());
      await expect(within(fetched, 'the end of the content')).rejects.toBe('late');
      await aborting.abort();
    }
  });

  it('gives pieces into the memory of the reader, and frees the connection of content that is left', async () => {
    const response = await agent.fetch(`${origin}/status/200`);
    const reader = (response.body as ReadableStream).getReader({ mode: 'byob' });
    const { value } = await reader.read(new Uint8Array(4));
    expect(String(Buffer.from(value as Uint8Array))).toBe('hemp');
    await reader.cancel();
    const next = await agent.fetch(`${origin}/half`);
    await next.body?.cancel();
    await (await agent.fetch(`${origin}/status/200`)).text();
    expect(agent.counts.connections).toBeGreaterThan(0);
  });
});
