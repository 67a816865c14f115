/** The agent: requests by URL, options and cancelling, in memory. */
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  Agent,
  type AgentRequestOptions,
  AgentResponse,
  fieldOf,
  HTTPConnectionPool,
  HTTPLimitError,
  HTTPPoolClosedError,
  HTTPResponseTimeoutError,
  HTTPSequenceError,
  httpOrigin,
  InvalidHTTPOutputError,
  InvalidJSONError,
  withField,
  withoutFields,
} from '../../../src/http/index.js';
import {
  CancelledError,
  type Deferred,
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  UnknownOptionError,
} from '../../../src/index.js';
import { failureResultOf, MemoryReactor, successResultOf } from '../../../src/testing/index.js';
import { later, response } from '../client/memory-servers.js';
import { Agented, DEFAULTS } from './memory-agent.js';

const GET = `GET / HTTP/1.1\r\nHost: a\r\n${DEFAULTS}\r\n`;

describe('a request of an agent', () => {
  it('is sent to the host of its URL, and its response is read', () => {
    const agented = new Agented();
    const asked = agented.agent.get('http://a/x?y#z');
    expect(agented.server.sent).toBe(GET.replace('/', '/x?y'));
    agented.server.answer(response('hello', 'A: 1', 'A: 2'));
    const answer = successResultOf(asked);
    expect(answer).toBeInstanceOf(AgentResponse);
    expect([answer.status, answer.ok, answer.reason, answer.version]).toEqual([
      200,
      true,
      'OK',
      '1.1',
    ]);
    expect([answer.url, answer.contentLength]).toEqual(['http://a/x?y#z', 5]);
    expect([answer.field('a'), answer.fields('a'), answer.has('b')]).toEqual([
      '1, 2',
      ['1', '2'],
      false,
    ]);
    expect([...answer.rawFields()].length).toBe(3);
    expect(successResultOf(answer.text())).toBe('hello');
    expect(agented.agent.counts).toMatchObject({ connections: 1, idle: 1 });
  });

  it.each([
    ['text', 'héé'],
    ['json', { a: 1 }],
    ['bytes', Buffer.from('"x"')],
  ] as const)('gives its content by %s at once', (method, expected) => {
    const agented = new Agented();
    const asked = agented.agent.get('http://a/')[method]();
    const content = { text: 'héé', json: '{"a":1}', bytes: '"x"' }[method];
    agented.server.answer(response(content));
    expect(successResultOf(asked as Deferred<unknown>)).toEqual(expected);
    expect(agented.agent.counts.idle).toBe(1);
  });

  it('drops content, of which more is received than a response that nobody reads has', () => {
    const agented = new Agented();
    const drained = agented.agent.get('http://a/').drain();
    agented.server.answer(response('x'.repeat(500_000)));
    successResultOf(drained);
    expect(agented.agent.counts.idle).toBe(1);
  });

  it('limits content by maxBytes', () => {
    for (const method of ['bytes', 'text', 'json', 'drain'] as const) {
      const agented = new Agented();
      const asked = agented.agent.get('http://a/')[method](4) as Deferred<unknown>;
      agented.server.answer(response('12345'));
      const error = failureResultOf(asked);
      expect(error).toBeInstanceOf(HTTPLimitError);
      expect(error).toMatchObject({ option: 'maxContentBytes', limit: 4 });
      expect(agented.server.transport.peerSees).toBe('reset');
    }
  });

  it('fails if its content is not JSON', () => {
    const agented = new Agented();
    const asked = agented.agent.get('http://a/').json();
    agented.server.answer(response('{'));
    expect(failureResultOf(asked)).toBeInstanceOf(InvalidJSONError);
  });

  it('streams content no faster than it is read', async () => {
    const agented = new Agented();
    const asked = agented.agent.get('http://a/');
    agented.server.answer('HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n');
    const answer = successResultOf(asked);
    for (const length of [65_000, 65_000, 70_000]) agented.server.answer(Buffer.alloc(length));
    expect(agented.server.transport.paused).toBe(true);
    let length = 0;
    for await (const piece of answer) {
      length += piece.length;
      agented.server.transport.settle();
    }
    expect(length).toBe(200_000);
    expect(agented.agent.counts.idle).toBe(1);
  });

  it('gives a stream of the Web, and trailers', async () => {
    const agented = new Agented();
    const asked = agented.agent.get('http://a/');
    agented.server.answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    const answer = successResultOf(asked);
    const text = new Response(answer.stream()).text();
    agented.server.answer('2\r\nab\r\n0\r\nSum: 3\r\n\r\n');
    expect(await text).toBe('ab');
    expect(answer.trailers?.field('sum')).toBe('3');
  });

  it('drops or aborts its content', () => {
    const agented = new Agented();
    const first = agented.agent.get('http://a/');
    agented.server.answer(response('x'));
    successResultOf(first).discard();
    expect(agented.agent.counts.idle).toBe(1);
    const second = agented.agent.get('http://a/');
    agented.server.answer('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n');
    const answer = successResultOf(second);
    const text = answer.text();
    answer.abort();
    expect(failureResultOf(text)).toBeInstanceOf(CancelledError);
    expect(agented.server.transport.peerSees).toBe('reset');
    expect(() => answer.text()).toThrow(HTTPSequenceError);
  });

  it.each(['head', 'post', 'put', 'patch', 'delete'] as const)('has the method of %s', (name) => {
    const agented = new Agented();
    agented.agent[name]('http://a/');
    const line = `${name.toUpperCase()} / HTTP/1.1\r\n`;
    const length = ['head', 'delete'].includes(name) ? '' : 'Content-Length: 0\r\n';
    expect(agented.server.sent).toBe(`${line}Host: a\r\n${DEFAULTS}${length}\r\n`);
  });

  it('sends content as a whole, in pieces, and in pieces that can be sent again', async () => {
    const agented = new Agented();
    const { agent } = agented;
    agent.post('http://a/', { content: 'é' });
    expect(agented.server.sent).toMatch(/Content-Length: 2\r\n\r\nÃ©$/);
    agent.post('http://a/', { content: ['a', 'bc'], contentLength: 3 });
    await later();
    expect(agented.server.sent).toMatch(/Content-Length: 3\r\n\r\nabc$/);
    agent.post('http://a/', { content: () => ['a'], trailers: () => ({ Sum: '1' }) });
    await later();
    expect(agented.server.sent).toMatch(/1\r\na\r\n0\r\nSum: 1\r\n\r\n$/);
  });

  it('waits for permission to send content', async () => {
    const agented = new Agented();
    const options = { content: 'abc', continueTimeoutMs: 1_000, onInformational: () => {} };
    const asked = agented.agent.put('http://a/', options).text();
    expect(agented.server.sent).toMatch(/Expect: 100-continue\r\nContent-Length: 3\r\n\r\n$/);
    agented.server.answer('HTTP/1.1 100 Continue\r\n\r\n');
    await later();
    expect(agented.server.sent).toBe('abc');
    agented.server.answer(response('ok'));
    expect(successResultOf(asked)).toBe('ok');
  });
});

describe('fields and URLs of an agent', () => {
  it('combine those of the agent and of the request', () => {
    const agented = new Agented({
      decode: false,
      fields: { accept: 'text/csv', A: ['1', '2'], B: '3' },
    });
    agented.agent.get('http://a/', { fields: [['b', '4']] });
    const lines = 'accept: text/csv\r\nA: 1\r\nA: 2\r\nb: 4\r\n';
    expect(agented.server.sent).toBe(
      `GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: ropewalk\r\n${lines}\r\n`,
    );
  });

  it('may be Headers, and name another host', () => {
    const agented = new Agented({ decode: false });
    agented.agent.get('http://a/', { fields: new Headers({ host: 'b', accept: 'x' }) });
    expect(agented.server.sent).toBe(
      'GET / HTTP/1.1\r\nUser-Agent: ropewalk\r\naccept: x\r\nhost: b\r\n\r\n',
    );
  });

  it('are relative to baseURL, with a query', () => {
    const agented = new Agented({ baseURL: 'http://a/v1/' });
    agented.agent.get('notes?a=1', { query: { b: ['x y', 2], c: true } });
    expect(agented.server.sent).toMatch(/^GET \/v1\/notes\?a=1&b=x\+y&b=2&c=true HTTP/);
    agented.agent.get('/', { query: new URLSearchParams('a=b&a=c') });
    expect(agented.server.sent).toMatch(/^GET \/\?a=b&a=c HTTP/);
    // The text of a query may be signed.
    agented.agent.get('/?sig=a%20b~%2F', { query: { c: 1 } });
    expect(agented.server.sent).toMatch(/^GET \/\?sig=a%20b~%2F&c=1 HTTP/);
    agented.agent.get('/?sig=%20', { query: {} });
    expect(agented.server.sent).toMatch(/^GET \/\?sig=%20 HTTP/);
  });

  it('cannot inject lines', () => {
    const { agent } = new Agented();
    const injected = 'x\r\nEvil: 1';
    expect(() => agent.get('http://a/', { fields: { A: injected } })).toThrow(
      InvalidHTTPOutputError,
    );
    expect(() => agent.request('http://a/', { method: 'GET / HTTP/1.1\r\nA: b\r\n\r\n' })).toThrow(
      InvalidHTTPOutputError,
    );
    expect(() => agent.get('http://a/', { fields: { Host: injected } })).toThrow(
      InvalidHTTPOutputError,
    );
  });

  it('that are wrong leave the content that a function has begun', () => {
    const { agent } = new Agented();
    let stream: Readable | undefined;
    const content = (): Readable => {
      stream = Readable.from(['a']);
      return stream;
    };
    const post = (): unknown => agent.post('http://a/', { content, continueTimeoutMs: -1 });
    expect(post).toThrow(InvalidArgumentValueError);
    expect(stream?.destroyed).toBe(true);
  });

  it('are changed by copies', () => {
    const fields = [
      ['A', '1'],
      ['a', '2'],
      ['B', '3'],
    ] as const;
    expect(fieldOf(fields, 'a')).toBe('1');
    expect(withField(fields, 'a', '4')).toEqual([
      ['B', '3'],
      ['a', '4'],
    ]);
    expect(withoutFields(fields, ['b', 'C'])).toEqual(fields.slice(0, 2));
  });

  it('reach a server each, up to maxOrigins of which are remembered', () => {
    const chosen: string[] = [];
    const agented = new Agented({ maxOrigins: 2 });
    const { agent } = new Agented({
      maxOrigins: 2,
      endpointFor: (url) => {
        chosen.push(url.href);
        return agented.at(url.origin).endpoint;
      },
    });
    for (const host of ['a', 'b', 'a:80', 'a:81', 'b', 'a']) agent.get(`http://${host}/x`);
    expect(chosen).toEqual(['http://a/x', 'http://b/x', 'http://a:81/x', 'http://a/x']);
  });

  it('connect to the host and port of the URL by default', () => {
    const reactor = new MemoryReactor();
    new Agent(reactor).get('http://127.0.0.1:8080/');
    new Agent(reactor).get('https://127.0.0.1/');
    expect(reactor.tcpClients.map(({ host, port }) => [host, port])).toEqual([
      ['127.0.0.1', 8080],
      ['127.0.0.1', 443],
    ]);
  });
});

describe('a request that is given up', () => {
  it('by its Deferred aborts the connection', () => {
    const agented = new Agented();
    const asked = agented.agent.get('http://a/').text();
    asked.cancel();
    expect(failureResultOf(asked)).toBeInstanceOf(CancelledError);
    expect(agented.server.transport.peerSees).toBe('reset');
  });

  it('by its signal aborts the connection, also while content arrives', () => {
    const agented = new Agented();
    const reason = new Error('enough');
    for (const text of ['', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc']) {
      const controller = new AbortController();
      const asked = agented.agent.get('http://a/', { signal: controller.signal }).text();
      if (text !== '') agented.server.answer(text);
      controller.abort(reason);
      const error = failureResultOf(asked);
      expect(error).toBeInstanceOf(CancelledError);
      expect(agented.server.transport.peerSees).toBe('reset');
    }
  });

  it('by its signal fails content that is streamed', async () => {
    const agented = new Agented();
    const controller = new AbortController();
    const asked = agented.agent.get('http://a/', { signal: controller.signal });
    agented.server.answer('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc');
    const iterator = successResultOf(asked)[Symbol.asyncIterator]();
    await iterator.next();
    controller.abort(new Error('enough'));
    await expect(iterator.next()).rejects.toMatchObject({
      code: 'ERR_CANCELLED',
      cause: { message: 'enough' },
    });
  });

  it('is not sent if its signal has aborted before', () => {
    const agented = new Agented();
    const asked = agented.agent.get('http://a/', { signal: AbortSignal.abort() });
    expect(failureResultOf(asked)).toBeInstanceOf(CancelledError);
    expect(agented.at('http://a').connections).toEqual([]);
  });

  it('leaves no listener behind', () => {
    const agented = new Agented();
    const counted = new CountedSignal();
    const asked = agented.agent.get('http://a/', { signal: counted.signal }).text();
    agented.server.answer(response('x'));
    successResultOf(asked);
    expect(counted.listeners).toBe(0);
  });

  it('by each of its times', () => {
    const times = { connectTimeoutMs: 1, headTimeoutMs: 2, bodyIdleTimeoutMs: 3 };
    for (const limit of ['connectTimeoutMs', 'headTimeoutMs', 'bodyIdleTimeoutMs'] as const) {
      const agented = new Agented();
      agented.at('http://a').isAutomatic = limit !== 'connectTimeoutMs';
      const options = { [limit]: times[limit] * 1_000 };
      const asked = agented.agent.get('http://a/', options).text();
      if (limit === 'bodyIdleTimeoutMs') {
        agented.server.answer('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc');
      }
      agented.advance(10_000);
      const error = failureResultOf(asked);
      expect(error).toBeInstanceOf(HTTPResponseTimeoutError);
      expect(error).toMatchObject({ option: limit, limit: times[limit] * 1_000 });
    }
  });

  it.each([{ ofAgent: 3_000 }, { ofAgent: 60_000, ofRequest: 3_000 }])(
    'by the total time, of the agent or of the request',
    ({ ofAgent, ofRequest }) => {
      const agented = new Agented({ totalTimeoutMs: ofAgent });
      const options = ofRequest === undefined ? {} : { totalTimeoutMs: ofRequest };
      const asked = agented.agent.get('http://a/', options).text();
      agented.server.answer('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n');
      for (let second = 0; second < 5; second++) {
        agented.advance(1_000);
        if (agented.server.transport.peerSees === 'open') agented.server.answer('a');
      }
      expect(failureResultOf(asked)).toMatchObject({ option: 'totalTimeoutMs', limit: 3_000 });
    },
  );
});

describe('an agent', () => {
  it('closes its own pool, and leaves one that was given open', () => {
    const agented = new Agented();
    successResultOf(agented.agent.close());
    expect(failureResultOf(agented.agent.get('http://a/'))).toBeInstanceOf(HTTPPoolClosedError);
    const pool = new HTTPConnectionPool(agented.reactor);
    const other = new Agented({ pool });
    const asked = other.agent.get('http://a/');
    successResultOf(other.agent.close());
    successResultOf(other.agent.abort());
    other.server.answer(response('x'));
    expect(successResultOf(asked).status).toBe(200);
  });

  it('aborts requests in progress', () => {
    const agented = new Agented();
    const asked = agented.agent.get('http://a/');
    const closed = agented.agent.abort();
    agented.server.transport.settle();
    successResultOf(closed);
    expect(failureResultOf(asked)).toMatchObject({ code: 'ERR_NO_HTTP_RESPONSE' });
  });

  it.each([
    ['no URL', 'a b', {}, InvalidArgumentValueError],
    ['a relative URL', '/x', {}, InvalidArgumentValueError],
    ['another scheme', 'ftp://a/', {}, InvalidArgumentValueError],
    ['a user', 'http://me:secret@a/', {}, InvalidArgumentValueError],
    ['a user and a wrong port', 'http://me:secret@a:99999/', {}, InvalidArgumentValueError],
    ['a user and another scheme', 'ftp://me:secret@a/', {}, InvalidArgumentValueError],
    ['a number', 1, {}, InvalidArgumentTypeError],
    ['an unknown option', 'http://a/', { body: '' }, UnknownOptionError],
    ['fields of a wrong type', 'http://a/', { fields: 'A: 1' }, InvalidArgumentTypeError],
    ['a query of a wrong type', 'http://a/', { query: 'a=b' }, InvalidArgumentTypeError],
    ['a value of a wrong type', 'http://a/', { query: { a: {} } }, InvalidArgumentTypeError],
    ['content of a wrong type', 'http://a/', { content: 1 }, InvalidArgumentTypeError],
    ['no pieces', 'http://a/', { content: () => 'text' }, InvalidArgumentTypeError],
    ['a time of 0', 'http://a/', { headTimeoutMs: 0 }, InvalidArgumentValueError],
    ['a signal of a wrong type', 'http://a/', { signal: {} }, InvalidArgumentTypeError],
    ['trailers without pieces', 'http://a/', { trailers: () => ({}) }, HTTPSequenceError],
  ] as const)('refuses %s at the call', (_what, url, options, expected) => {
    const { agent } = new Agented();
    const call = (): unknown => agent.request(url as never, options as AgentRequestOptions);
    expect(call).toThrow(expected);
    expect(String(message(call))).not.toContain('secret');
    const origin = (): unknown => httpOrigin(new MemoryReactor(), url as never);
    expect(String(message(origin))).not.toContain('secret');
  });

  it.each([
    ['/x', {}, 'url must be an absolute URL, not "/x": an agent with the option baseURL accepts'],
    ['http://a/', { headers: {} }, 'The header fields of requests and responses are fields'],
    [
      'http://a/',
      { body: '' },
      'The content of an HTTP message is content; of a request also json',
    ],
    ['http://a/', { params: {} }, 'The parameters of a URL are query'],
    [
      'http://a/',
      { json: 1, form: {} },
      'one of content, json, form and multipart, not "json and form"',
    ],
    ['http://a/', { auth: { username: 'u' } }, 'password of auth must be a string, not undefined'],
  ])('explains mistakes in requests: %s %o', (url, options, expected) => {
    const { agent } = new Agented();
    expect(() => agent.request(url, options as AgentRequestOptions)).toThrow(expected);
  });

  it.each([
    [{ auth: { username: 'u', password: 'p' } }, 'set baseURL, or give auth to each request'],
    [{ auth: 'u:p' }, 'auth must be a plain object'],
    [{ baseURL: 'example.com' }, 'baseURL must be an absolute URL'],
    [{ http2: true }, 'http2 must be alpn, prior-knowledge or false, not true'],
    [{ allowH2: true }, 'have the option http2'],
  ])('explains mistakes in its options: %o', (options, expected) => {
    expect(() => new Agent(new MemoryReactor(), options as never)).toThrow(expected);
  });

  it.each([
    { pool: {} },
    { maxOrigins: 0 },
    { baseURL: 'x' },
    { endpointFor: 1 },
    { interceptors: {} },
    { interceptors: [1] },
    { totalTimeoutMs: 0 },
    { fields: 1 },
    { redirect: 'no' },
    { maxRedirects: 101 },
    { credentialFields: [1] },
    { allowInsecureRedirects: 1 },
    { decode: 1 },
    { maxDecodedBytes: 0 },
    { maxDecodedRatio: 0 },
    { tls: 1 },
    { pool: new HTTPConnectionPool(new MemoryReactor()), headTimeoutMs: 1 },
  ])('checks its options: %o', (options) => {
    expect(() => new Agent(new MemoryReactor(), options as never)).toThrow(/^(?!.*undefined)/);
  });
});

function message(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

/** Counts the listeners of a signal. */
class CountedSignal {
  readonly signal: AbortSignal = new AbortController().signal;
  listeners = 0;

  constructor() {
    const { signal } = this;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>): void => {
      this.listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>): void => {
      this.listeners -= 1;
      remove(...args);
    };
  }
}
