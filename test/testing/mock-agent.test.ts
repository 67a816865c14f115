/** The mock agent. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { HTTPResponseTimeoutError, type Interceptor } from '../../src/http/index.js';
import { ConnectionRefusedError, createReactor } from '../../src/index.js';
import {
  MockAgent,
  type MockURL,
  UnexpectedRequestError,
  UnusedRoutesError,
} from '../../src/testing/http.js';
import { failureResultOf, ManualClock } from '../../src/testing/index.js';
import { later } from '../http/client/memory-servers.js';

const A = 'http://a.example/';

describe('a mock agent', () => {
  it('answers with text, bytes, JSON, fields, a status and a reason', async () => {
    const agent = new MockAgent(new ManualClock());
    agent.on('GET', A).reply({ content: 'tar' });
    agent.on('GET', A).reply({ content: Buffer.from([0, 255]), fields: { 'X-A': ['1', '2'] } });
    agent
      .on('GET', 'https://b.example/é')
      .reply({ json: { name: 'Zoë' }, status: 201, reason: 'Done' });
    agent.on('DELETE', A);
    expect(await agent.get(A).text()).toBe('tar');
    const bytes = await agent.get(A);
    expect(bytes.fields('x-a')).toEqual(['1', '2']);
    expect([...(await bytes.bytes())]).toEqual([0, 255]);
    const json = await agent.get('https://b.example/é');
    expect([json.status, json.reason, json.url]).toEqual([201, 'Done', 'https://b.example/%C3%A9']);
    expect(json.field('content-type')).toBe('application/json');
    expect(await json.json()).toEqual({ name: 'Zoë' });
    const empty = await agent.delete(A);
    expect([empty.status, await empty.text()]).toEqual([200, '']);
    agent.assertAllUsed();
    expect(agent.counts).toMatchObject({ connections: 0, connecting: 0, queued: 0 });
  });

  it('records what it receives, and answers by it', async () => {
    const agent = new MockAgent(new ManualClock(), { baseURL: 'https://a.example/v1/' });
    agent
      .on('POST', 'notes/:id')
      .reply(({ params, text }) => ({ content: `${params.id} ${text}` }))
      .times(3);
    const fields = { 'X-Key': 'k' };
    expect(await agent.post('notes/a%2Fb', { content: 'tar', fields }).text()).toBe('a/b tar');
    async function* pieces(): AsyncGenerator<string> {
      yield 'he';
      await later();
      yield 'mp';
    }
    expect(await agent.post('notes/2', { content: pieces() }).text()).toBe('2 hemp');
    const permitted = { json: { a: 1 }, continueTimeoutMs: 1_000 };
    expect(await agent.post('notes/3?x', permitted).text()).toBe('3 {"a":1}');
    expect(agent.calls.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST https://a.example/v1/notes/a%2Fb',
      'POST https://a.example/v1/notes/2',
      'POST https://a.example/v1/notes/3?x',
    ]);
    expect(agent.calls[0]?.field('x-key')).toBe('k');
    expect(agent.calls[2]?.json()).toEqual({ a: 1 });
  });

  it('runs the layers: redirections, credentials, retries, codings, interceptors', async () => {
    const clock = new ManualClock();
    const noted: string[] = [];
    const noting: Interceptor = (next) => (request) => {
      noted.push(request.url.href);
      return next(request);
    };
    const agent = new MockAgent(clock, { retries: 2, retryDelayMs: 100, interceptors: [noting] });
    agent.on('GET', A).reply({ status: 302, fields: { Location: 'https://b.example/' } });
    const target = 'https://b.example/';
    agent.on('GET', target).refuse();
    agent.on('GET', target).reset();
    const fields = { 'Content-Encoding': 'gzip' };
    agent.on('GET', target).reply({ content: gzipSync('cordage'), fields });
    const text = agent.get(A, { fields: { Authorization: 'Bearer secret' } }).text();
    for (let turn = 0; turn < 10; turn++) {
      await later();
      clock.advance(100);
    }
    expect(await text).toBe('cordage');
    expect(noted).toEqual([A]);
    const credentials = agent.calls.map((call) => call.field('authorization'));
    expect(credentials).toEqual(['Bearer secret', undefined, undefined, undefined]);
    agent.assertAllUsed();
  });

  it.each<[string, MockURL, string[], string[]]>([
    [
      'a URL',
      'http://a/x',
      ['http://a/x', 'http://a/x?q'],
      ['http://a/', 'https://a/x', 'http://b/x', 'http://a/x/'],
    ],
    ['a URL object', new URL('http://a/x'), ['http://a/x'], ['http://a/y']],
    ['a query', 'http://a/?b=2&a=1', ['http://a/?a=1&b=2'], ['http://a/', 'http://a/?a=1']],
    [
      'parameters',
      'http://a/:x/y/:z',
      ['http://a/1/y/2'],
      ['http://a/1/y', 'http://a/1/y/', 'http://a/%ff/y/2', 'http://a/1/y/2/3'],
    ],
    ['a rest', 'http://a/x/*', ['http://a/x/', 'http://a/x/y/z'], ['http://a/x']],
    ['an expression', /\.png$/g, ['http://a/x.png', 'http://b/y.png'], ['http://a/x.gif']],
    ['a function', ({ port }) => port === '81', ['http://a:81/'], ['http://a/']],
  ])('matches %s', async (_name, pattern, matching, others) => {
    const agent = new MockAgent(new ManualClock());
    agent.on('*', pattern).persist();
    for (const url of matching) expect((await agent.get(url)).status).toBe(200);
    for (const url of others) {
      expect(failureResultOf(agent.get(url))).toBeInstanceOf(UnexpectedRequestError);
    }
    expect(agent.unexpected.map(({ url }) => url.href)).toEqual(others);
  });

  it('fails requests that no route answers, and says which routes there are', async () => {
    const agent = new MockAgent(new ManualClock(), { retries: 5 });
    const none = failureResultOf(agent.get(A)) as unknown as UnexpectedRequestError;
    expect(none.message).toBe(`no route of the mock agent answers GET ${A}; there are none`);
    agent.on('GET', A);
    await agent.get(A);
    agent.on('POST', /x/).times(2);
    expect(failureResultOf(agent.get(A))).toMatchObject({
      code: 'ERR_UNEXPECTED_REQUEST',
      method: 'GET',
      url: A,
      message: `no route of the mock agent answers GET ${A}; they are:
  GET ${A}: used 1 of 1 times
  POST /x/: used 0 of 2 times`,
    });
  });

  it('says which routes were not used', async () => {
    const agent = new MockAgent(new ManualClock());
    agent.on('GET', A).persist();
    const twice = agent.on('GET', 'http://b/').times(2);
    await agent.get('http://b/');
    expect(twice.used).toBe(1);
    expect(() => agent.assertAllUsed()).toThrow(UnusedRoutesError);
    expect(() => agent.assertAllUsed()).toThrow(
      `expected:\n  GET ${A}: used 0 of any number of times\n  GET http://b/: used 1 of 2 times`,
    );
    await agent.get('http://b/');
    await agent.get(A);
    await agent.get(A);
    agent.assertAllUsed();
  });

  it('delays replies and refusals by its clock', async () => {
    const clock = new ManualClock();
    const agent = new MockAgent(clock);
    agent.on('GET', A).reply({ content: 'late', delayMs: 500 });
    agent.on('GET', A).refuse(300);
    const [first, second] = [agent.get(A).text(), agent.get(A)];
    await later();
    clock.advance(299);
    await later();
    expect([first.fired, second.fired]).toEqual([false, false]);
    clock.advance(1);
    expect(failureResultOf(second)).toBeInstanceOf(ConnectionRefusedError);
    clock.advance(200);
    expect(await first).toBe('late');
  });

  it.each([
    [undefined, 'ERR_NO_HTTP_RESPONSE', ''],
    [0, 'ERR_CONNECTION_LOST', ''],
    [3, 'ERR_CONNECTION_LOST', 'mar'],
  ])('resets the connection behind %s bytes of content', async (afterBytes, code, received) => {
    const agent = new MockAgent(new ManualClock());
    const fault = afterBytes === undefined ? {} : { afterBytes };
    agent.on('GET', A).reset({ status: 206, content: 'marline', ...fault });
    let text = '';
    const reading = (async () => {
      const answer = await agent.get(A);
      expect([answer.status, answer.contentLength]).toEqual([206, 7]);
      for await (const piece of answer) text += piece;
    })();
    await expect(reading).rejects.toMatchObject({ code });
    expect(text).toBe(received);
  });

  it('stalls, so that time limits end the request', async () => {
    const clock = new ManualClock();
    const agent = new MockAgent(clock, { headTimeoutMs: 1_000, bodyIdleTimeoutMs: 2_000 });
    agent.on('GET', A).stall();
    agent.on('GET', A).stall({ content: 'marline', afterBytes: 2 });
    const [silent, slow] = [agent.get(A), agent.get(A).text()];
    await later();
    for (let at = 0; at < 12; at++) clock.advance(250);
    for (const [call, option] of [
      [silent, 'headTimeoutMs'],
      [slow, 'bodyIdleTimeoutMs'],
    ] as const) {
      const error = failureResultOf(call as typeof slow);
      expect(error).toBeInstanceOf(HTTPResponseTimeoutError);
      expect(error).toMatchObject({ option });
    }
    await later();
    expect(agent.counts.connections).toBe(0);
  });

  it('fails a request with what the function of a reply throws', async () => {
    const agent = new MockAgent(new ManualClock());
    const mistake = new Error('wrong request');
    agent.on('PUT', A).reply(() => {
      throw mistake;
    });
    agent.on('PUT', A).reply(() => ({ status: 99 }));
    await expect(agent.put(A, { content: 'x' }).toPromise()).rejects.toBe(mistake);
    await expect(agent.put(A).toPromise()).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    });
    await later();
    expect(agent.counts.connections).toBe(0);
  });

  it('lets requests be given up', async () => {
    const clock = new ManualClock();
    const agent = new MockAgent(clock);
    agent.on('GET', A).refuse(1_000);
    agent.on('GET', A).stall();
    const calls = [agent.get(A), agent.get(A)];
    await later();
    for (const call of calls) {
      call.cancel();
      expect(failureResultOf(call)).toMatchObject({ code: 'ERR_CANCELLED' });
    }
    await agent.close();
    expect(clock.getDelayedCalls()).toEqual([]);
    agent.on('GET', A);
    expect(failureResultOf(agent.get(A))).toMatchObject({ code: 'ERR_HTTP_POOL_CLOSED' });
  });

  it('streams content with backpressure, and answers HEAD without content', async () => {
    const agent = new MockAgent(new ManualClock());
    const content = Buffer.alloc(1_000_000, 'x');
    agent.on('*', A).reply({ content }).persist();
    let length = 0;
    for await (const piece of await agent.get(A)) length += piece.length;
    expect(length).toBe(content.length);
    const head = await agent.head(A);
    expect([head.contentLength, await head.text()]).toEqual([content.length, '']);
  });

  it('works on the clock of a reactor', async () => {
    await using reactor = createReactor();
    await using agent = new MockAgent(reactor);
    agent.on('GET', A).reply({ content: 'soon', delayMs: 1 });
    expect(await agent.get(A).text()).toBe('soon');
  });

  it.each([
    [{ json: 1, content: 'x' }, 'content'],
    [{ status: 204, content: 'x' }, 'content'],
    [{ status: 101 }, 'status'],
    [{ delayMs: -1 }, 'delayMs'],
    [{ afterBytes: 1 } as object, 'afterBytes'],
  ])('refuses the reply %j', (reply, name) => {
    const route = new MockAgent(new ManualClock()).on('GET', A);
    expect(() => route.reply(reply)).toThrow(name);
    if (name === 'afterBytes') expect(() => route.reset(reply)).toThrow(name);
  });

  it('refuses options that say how to connect, and uses no network', () => {
    const clock = new ManualClock();
    for (const option of [{ proxy: 'http://p' }, { http2: false }]) {
      expect(() => new MockAgent(clock, option as never)).toThrow(Object.keys(option)[0]);
    }
    expect(() => new MockAgent(clock).on('GET', '/relative')).toThrow('absolute');
    expect(() => new MockAgent(clock).on('GET', 7 as never)).toThrow(TypeError);
    expect(() => new MockAgent(clock).on('GET', A).times(0)).toThrow('count');
  });
});
