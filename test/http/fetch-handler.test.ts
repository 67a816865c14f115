/** Handlers of the Web behind the HTTP server. */
import { describe, expect, it } from 'vitest';
import {
  type FetchHandler,
  fetchHandler,
  HTTPLimitError,
  type HTTPServerOptions,
} from '../../src/http/index.js';
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../../src/index.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { answer, CLOSE, get, post, Served } from './served.js';

function served(handler: FetchHandler, options: HTTPServerOptions = {}): Served {
  return new Served(fetchHandler(handler), options);
}

/** Until promises and streams of the Web have settled: some of theirs take a turn of Node. */
async function sentBy(server: Served): Promise<string> {
  let sent = await server.later();
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    sent += await server.later();
  }
  return sent;
}

async function answerTo(request: string, handler: FetchHandler): Promise<string> {
  const server = served(handler);
  server.transport.receive(request);
  return sentBy(server);
}

const TEXT = 'content-type: text/plain;charset=UTF-8';

describe('a Request', () => {
  it('has method, URL and fields', async () => {
    const seen: unknown[] = [];
    await answerTo(get('/a//b/../c?d=%20', 'A: 1', 'A: 2', 'Cookie: x=y'), (request, context) => {
      const { method, url, headers } = request;
      seen.push(method, url, headers.get('a'), headers.get('cookie'));
      seen.push(String(context.remoteAddress).length > 0);
      return new Response();
    });
    expect(seen).toEqual(['GET', 'http://a/a//c?d=%20', '1, 2', 'x=y', true]);
  });

  it('has the URL of an absolute target, and localhost without Host', async () => {
    const url: FetchHandler = ({ url }) => new Response(url);
    const absolute = 'GET http://b:81/x HTTP/1.1\r\nHost: a\r\n\r\n';
    expect(await answerTo(absolute, url)).toContain('http://b:81/x');
    expect(await answerTo('GET /x HTTP/1.0\r\n\r\n', url)).toContain('http://localhost/x');
  });

  it('has content, as JSON and as a stream', async () => {
    const json: FetchHandler = async (request) => Response.json(await request.json());
    expect(await answerTo(post('{"a":[1]}'), json)).toMatch(/ 9\r\n\r\n{"a":\[1\]}$/);
    const echo: FetchHandler = (request) => new Response(request.body);
    expect(await answerTo(post('hello'), echo)).toMatch(/ 5\r\n\r\nhello$/);
  });

  it('gives permission to send content only if it is read', async () => {
    const request = post('', 'Expect: 100-continue').replace('Length: 0', 'Length: 5');
    const reading = served(async (r) => new Response(await r.text()));
    reading.transport.receive(request);
    expect(await sentBy(reading)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    const refusing = served(() => new Response(null, { status: 403 }));
    refusing.transport.receive(request);
    expect(await sentBy(refusing)).toMatch(/^HTTP\/1.1 403 /);
  });

  it('may be answered unread, or partly read: the rest is dropped', async () => {
    const unread = served(() => new Response('a'));
    unread.transport.receive(post('hello'));
    expect(await sentBy(unread)).not.toContain(CLOSE);
    const partly = served(async (request) => {
      await request.body?.getReader().read();
      return new Response('a');
    });
    partly.transport.receive(post('hello').replace('Length: 5', 'Length: 9'));
    expect(await sentBy(partly)).toContain('200 OK');
    partly.transport.receive('1234');
    expect(partly.receive(get('/'))).toBe('');
    expect(await sentBy(partly)).toContain('200 OK');
  });

  it('fails with the error of the request, which was answered', async () => {
    const errors: unknown[] = [];
    const server = served(
      async (request) => {
        try {
          await request.text();
        } catch (error) {
          errors.push(error);
          throw error;
        }
        return new Response();
      },
      { maxContentBytes: 4 },
    );
    server.transport.receive(post('hello'));
    expect(await sentBy(server)).toMatch(/^HTTP\/1.1 413 /);
    expect(errors).toEqual([expect.any(HTTPLimitError)]);
  });

  it.each([
    ['OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n', 400],
    ['GET /admin/x HTTP/1.1\r\nHost:\r\n\r\n', 400],
    ['CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', 501],
    ['TRACE / HTTP/1.1\r\nHost: a\r\n\r\n', 501],
    ['get / HTTP/1.1\r\nHost: a\r\n\r\n', 501],
  ])('does not exist for %j: %i', async (request, status) => {
    const called: unknown[] = [];
    const text = await answerTo(request, (web) => {
      called.push(web);
      return new Response();
    });
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(called).toEqual([]);
  });
});

describe('a Response', () => {
  it('is sent with its status and fields, Set-Cookie line by line', async () => {
    const text = await answerTo(get('/'), () => {
      const headers = new Headers([
        ['Set-Cookie', 'a=1, 2'],
        ['Set-Cookie', 'b=2'],
        ['B', '1'],
        ['B', '2'],
      ]);
      return new Response(null, { status: 404, statusText: 'Gone fishing', headers });
    });
    expect(text).toBe(
      answer('404 Not Found', '', 'b: 1, 2', 'set-cookie: a=1, 2', 'set-cookie: b=2'),
    );
  });

  it.each([
    ['text', 'hello', 'hello', TEXT],
    ['no text', '', '', TEXT],
    ['bytes', Buffer.from('hello'), 'hello', undefined],
    ['a Blob', new Blob(['hello']), 'hello', undefined],
  ])('of %s has its length, also in answer to HEAD', async (_name, body, content, type) => {
    const expected = answer('200 OK', content, ...(type === undefined ? [] : [type]));
    const handler = (): Response => new Response(body);
    expect(await answerTo(get('/'), handler)).toBe(expected);
    expect(await answerTo(get('/').replace('GET', 'HEAD'), handler)).toBe(
      expected.slice(0, expected.length - content.length),
    );
  });

  it('has chunked content if it is a stream, or the announced length', async () => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (const piece of ['hel', 'lo']) {
        yield Buffer.from(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const body = (): ReadableStream => ReadableStream.from(pieces()) as ReadableStream;
    expect(await answerTo(get('/'), () => new Response(body()))).toBe(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n',
    );
    const headers = { 'Content-Length': '5', 'Content-Type': 'a/b', Connection: 'upgrade' };
    expect(await answerTo(get('/'), () => new Response('hello', { headers }))).toBe(
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-type: a/b\r\n\r\nhello',
    );
  });

  it('has no content in answer to HEAD, and its body is cancelled', async () => {
    const reasons: unknown[] = [];
    const text = await answerTo(get('/').replace('GET', 'HEAD'), () => {
      const cancel = (reason: unknown): void => void reasons.push(reason);
      return new Response(new ReadableStream({ cancel }), { headers: { A: '1' } });
    });
    expect(text).toBe('HTTP/1.1 200 OK\r\na: 1\r\nTransfer-Encoding: chunked\r\n\r\n');
    expect(reasons).toEqual([undefined]);
  });

  it('is not read faster than the client reads it', async () => {
    let pulled = 0;
    const server = new Served(
      fetchHandler(() => {
        const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
          pulled += 1;
          controller.enqueue(new Uint8Array(100_000));
        };
        return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
      }),
      {},
      100_000,
    );
    server.transport.receive(get('/'));
    for (let turn = 0; turn < 20; turn++) await server.later();
    expect(pulled).toBeGreaterThan(0);
    const before = pulled;
    expect(before).toBeLessThan(20);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    expect(pulled).toBe(before);
  });

  it('is cancelled, and the signal aborted, if the client goes', async () => {
    const events: string[] = [];
    const server = served((request) => {
      request.signal.addEventListener('abort', () => events.push('aborted'));
      const cancel = (): void => void events.push('cancelled');
      return new Response(new ReadableStream({ cancel }));
    });
    server.transport.receive(get('/'));
    await sentBy(server);
    server.transport.loseConnection();
    await sentBy(server);
    server.transport.peerResets();
    await sentBy(server);
    expect(events.sort()).toEqual(['aborted', 'cancelled']);
  });
});

describe('errors', () => {
  it.each<[string, FetchHandler]>([
    [
      'an exception',
      () => {
        throw new Error('secret');
      },
    ],
    ['a rejection', () => Promise.reject(new Error('secret'))],
    ['no Response', () => 'text' as never],
    ['Response.error()', () => Response.error()],
    [
      'a body that was read',
      async () => {
        const response = new Response('a');
        await response.text();
        return response;
      },
    ],
    [
      'a Content-Length that is no number',
      () => new Response('a', { headers: { 'Content-Length': 'x' } }),
    ],
  ])('%s: 500, reported', async (_name, handler) => {
    using logged = captureLoggedErrors();
    const text = await answerTo(get('/'), handler);
    expect(text).toMatch(/^HTTP\/1.1 500 /);
    expect(text).not.toContain('secret');
    expect(logged.flush(Error)).toHaveLength(1);
  });

  it.each(['GET', 'HEAD'])(
    'a Response that was sent before: 500 to %s, reported',
    async (method) => {
      using logged = captureLoggedErrors();
      const response = new Response('once');
      const server = served(() => response);
      const request = get('/').replace('GET', method);
      server.transport.receive(request);
      expect(await sentBy(server)).toMatch(/^HTTP\/1.1 200 /);
      server.transport.receive(request);
      expect(await sentBy(server)).toMatch(/^HTTP\/1.1 500 /);
      expect(logged.flush(InvalidArgumentValueError)).toHaveLength(1);
    },
  );

  it('of a body reset the connection', async () => {
    using logged = captureLoggedErrors();
    const failure = new Error('of the source');
    const server = served(() => {
      let pulls = 0;
      return new Response(
        new ReadableStream({
          pull(controller): void {
            if (++pulls === 1) controller.enqueue(Buffer.from('a'));
            else controller.error(failure);
          },
        }),
      );
    });
    server.transport.receive(get('/'));
    await sentBy(server);
    expect(server.transport.peerSees).toBe('reset');
    expect(logged.flush(Error).map(({ error }) => error)).toEqual([failure]);
  });

  it('a handler must be a function', () => {
    expect(() => fetchHandler({} as never)).toThrow(InvalidArgumentTypeError);
  });
});
