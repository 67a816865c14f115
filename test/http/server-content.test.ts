/** The requests of the server: what handlers read of them, and their content. */
import { describe, expect, it } from 'vitest';
import {
  decodeBody,
  HTTPLimitError,
  type HTTPRequest,
  type HTTPResponse,
  HTTPSequenceError,
  HTTPStatusError,
} from '../../src/http/index.js';
import { takeUnhandledFailures } from '../../src/index.js';
import { answer, CLOSE, get, post, refusal, Served } from './served.js';

const CHUNKED =
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nT: x\r\n\r\n';

describe('a request', () => {
  it('shows its head, also after it was answered', async () => {
    const requests: HTTPRequest[] = [];
    const served = new Served((request) => void requests.push(request));
    served.receive(get('/a/b%20c?d=e&f', 'X-A: 1', 'x-a: 2'));
    // Lent bytes have been overwritten.
    const request = requests[0] as HTTPRequest;
    expect(request).toMatchObject({
      method: 'GET',
      target: '/a/b%20c?d=e&f',
      path: '/a/b%20c',
      query: 'd=e&f',
      host: 'a',
      version: '1.1',
      secure: false,
      contentLength: undefined,
      remoteAddress: { host: '192.0.2.2', port: 40_000 },
    });
    expect(request.field('X-a')).toBe('1, 2');
    expect(request.fields('x-a')).toEqual(['1', '2']);
    expect(request.has('host')).toBe(true);
    expect([...request.rawFields()][1]).toEqual(['X-A', '1']);
    expect(request.maxContentBytes).toBe(1_048_576);
  });

  it.each([
    ['asynchronous', (): unknown => Promise.resolve()],
    ['one that keeps it', (request: HTTPRequest): unknown => void request.keep()],
  ])('shows its head after it was answered to a handler that is %s', (_name, finish) => {
    const requests: HTTPRequest[] = [];
    const served = new Served((request, response) => {
      requests.push(request);
      response.send();
      return finish(request);
    });
    served.receive(get('/', 'A: b'));
    expect(requests[0]?.field('a')).toBe('b');
  });

  it('has no head after it was answered to others', () => {
    const requests: HTTPRequest[] = [];
    const served = new Served((request, response) => {
      requests.push(request);
      response.send();
    });
    served.receive(get('/', 'A: b'));
    expect(() => requests[0]?.field('a')).toThrow(HTTPSequenceError);
  });

  it.each(['whole', 'byte by byte'])('has its content, received %s', async (how) => {
    const served = new Served(async (request, response) => {
      const text = await request.text();
      response.send(`${text}${request.trailers?.field('t') ?? ''}`);
    });
    const receive = (text: string): void => {
      for (const piece of how === 'whole' ? [text] : text) served.transport.receive(piece);
    };
    receive(post('hello'));
    expect(await served.later()).toBe(answer('200 OK', 'hello'));
    receive(CHUNKED);
    expect(await served.later()).toBe(answer('200 OK', 'abcdex'));
    receive(get('/'));
    expect(await served.later()).toBe(answer('200 OK', ''));
  });

  it('is parsed as JSON and as a form, and malformed JSON is answered with 400', async () => {
    const served = new Served(async (request, response) => {
      const isForm = request.path === '/form';
      response.sendJSON(isForm ? [...(await request.form())] : await request.json());
    });
    const json = (text: string): string => answer('200 OK', text, 'Content-Type: application/json');
    served.transport.receive(post('{"a":[1]}'));
    expect(await served.later()).toBe(json('{"a":[1]}'));
    const form = post('a=1&b=%20', 'Content-Type: application/x-www-form-urlencoded; x=y');
    served.transport.receive(form.replace('POST /', 'POST /form'));
    expect(await served.later()).toBe(json('[["a","1"],["b"," "]]'));
    served.transport.receive(post('a').replace('POST /', 'POST /form'));
    expect(await served.later()).toContain('415 Unsupported Media Type');
    served.transport.receive(post('{"a'));
    expect(await served.later()).toContain('400 Bad Request');
  });

  it.each([
    ['maxFields', 'a=1&b=2&c=3'],
    ['maxNameBytes', 'abcd=1'],
    ['maxValueBytes', 'a=12345'],
  ])('is a form within %s, or answered with 413', async (option, text) => {
    const limits = { maxFields: 2, maxNameBytes: 3, maxValueBytes: 4 };
    const failures: unknown[] = [];
    const served = new Served(async (request, response) => {
      try {
        response.send(String((await request.form(limits)).size));
      } catch (error) {
        failures.push(error);
        throw error;
      }
    });
    const type = 'Content-Type: application/x-www-form-urlencoded';
    served.transport.receive(post('abc=1234&a=', type));
    expect(await served.later()).toBe(answer('200 OK', '2'));
    served.transport.receive(post(text, type));
    expect(await served.later()).toContain('413 Content Too Large');
    expect(failures).toEqual([expect.objectContaining({ code: 'ERR_FORM_TOO_LARGE', option })]);
  });

  it('in an unknown coding is answered with 415 and the known ones', async () => {
    const served = new Served(async (request, response) => {
      for await (const piece of decodeBody(request, request.field('content-encoding'))) {
        response.write(piece);
      }
      response.end();
    });
    served.transport.receive(post('hello', 'Content-Encoding: lzma'));
    const text = await served.later();
    expect(text).toContain('415 Unsupported Media Type');
    expect(text).toMatch(/Accept-Encoding: br, (?:zstd, )?gzip, deflate\r\n/);
  });

  it('gives bytes to keep, and can be answered while its content is read', () => {
    const served = new Served((request, response) => {
      void request.bytes().addCallback((bytes) => {
        expect(bytes).toEqual(Buffer.from('hello'));
        expect(bytes.buffer.byteLength).toBe(5);
      });
      response.send('early');
    });
    expect(served.receive(post('hello').repeat(2))).toBe(answer('200 OK', 'early').repeat(2));
  });

  it('is read once', () => {
    const served = new Served((request, response) => {
      void request.text();
      expect(() => request.text()).toThrow(HTTPSequenceError);
      expect(() => request[Symbol.asyncIterator]()).toThrow(HTTPSequenceError);
      response.send();
    });
    expect(served.receive(post('a'))).toBe(answer('200 OK', ''));
  });

  it('can be iterated over, with backpressure', async () => {
    const pieces: string[] = [];
    let resume: () => void = () => {};
    const served = new Served(
      async (request, response) => {
        for await (const piece of request) {
          pieces.push(String(piece));
          await new Promise<void>((resolve) => {
            resume = resolve;
          });
        }
        response.send('done');
      },
      { maxPipelinedBytes: 10 },
    );
    served.transport.receive('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\n0123456789');
    await served.later();
    served.transport.receive('a'.repeat(9));
    expect(served.transport.paused).toBe(false);
    served.transport.receive('b');
    expect(served.transport.paused).toBe(true);
    expect(pieces).toEqual(['0123456789']);
    resume();
    await served.later();
    expect(pieces).toEqual(['0123456789', 'aaaaaaaaab']);
    expect(served.transport.paused).toBe(false);
    served.transport.receive('c'.repeat(10));
    resume();
    await served.later();
    resume();
    expect(await served.later()).toBe(answer('200 OK', 'done'));
  });

  it('is a stream of the Web', async () => {
    const served = new Served(async (request, response) => {
      response.send(await new Response(request.stream() as never).text());
    });
    served.transport.receive(CHUNKED);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await served.later()).toBe(answer('200 OK', 'abcde'));
  });

  it('drops the rest of an iteration that was left', async () => {
    const served = new Served(async (request, response) => {
      for await (const piece of request) {
        response.send(piece);
        return;
      }
      response.send('nothing');
    });
    served.transport.receive('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab');
    expect(await served.later()).toBe(answer('200 OK', 'ab'));
    served.transport.receive(`cd${get('/')}`);
    expect(await served.later()).toBe(answer('200 OK', 'nothing'));
    expect(served.transport.peerSees).toBe('open');
  });
});

it('answers the same however its bytes are cut, with lent bytes', async () => {
  const input = `\r\n${get('/a?b', 'C: d')}${post('hello')}${CHUNKED}${get('/', 'Connection: close')}`;
  const handler = async (request: HTTPRequest, response: HTTPResponse): Promise<void> => {
    const text = await request.text();
    const { method, target, trailers } = request;
    const fields = [...request.rawFields()].join(';');
    response.send([method, target, fields, text, trailers?.field('t') ?? ''].join('|'));
  };
  const outputs = new Set<string>();
  for (let cut = 1; cut < input.length; cut++) {
    const served = new Served(handler);
    served.transport.receive(input.slice(0, cut));
    const begun = cut % 2 === 0 ? await served.later() : '';
    served.transport.receive(input.slice(cut));
    outputs.add(begun + (await served.later()));
    expect(served.transport.peerSees).toBe('end');
  }
  expect(outputs.size).toBe(1);
  expect([...outputs][0]).toContain('POST|/|Host,a;Transfer-Encoding,chunked|abcde|x');
});

describe('unread content', () => {
  const early = new Served((_request, response) => response.send());

  it.each([100, 65_536])('of %i bytes is dropped', (length) => {
    early.connect();
    expect(early.receive(post('x'.repeat(length)) + get('/'))).toBe(answer('200 OK', '').repeat(2));
  });

  it('that is announced as longer than maxDiscardedBytes ends the connection', () => {
    early.connect();
    expect(early.receive(post('x'.repeat(65_537)) + get('/'))).toBe(
      `HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${CLOSE}\r\n`,
    );
    expect(early.transport.peerSees).toBe('end');
  });

  it('of an iteration that was left ends the connection if it is longer than maxDiscardedBytes', async () => {
    const served = new Served(
      async (request, response) => {
        for await (const piece of request) {
          response.send(piece);
          break;
        }
      },
      { maxDiscardedBytes: 10, maxContentBytes: 1_000 },
    );
    served.transport.receive('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nab');
    await served.later();
    served.receive('x'.repeat(10));
    expect(served.transport.peerSees).toBe('open');
    served.receive('x');
    expect(served.transport.peerSees).toBe('end');
  });

  it('that becomes longer than maxDiscardedBytes ends the connection', () => {
    early.connect();
    const chunk = `8000\r\n${'x'.repeat(32_768)}\r\n`;
    early.receive(CHUNKED.split('3\r\n')[0] as string);
    early.receive(chunk);
    early.receive(chunk);
    expect(early.transport.peerSees).toBe('open');
    early.receive(chunk);
    expect(early.transport.peerSees).toBe('end');
  });
});

describe('Expect: 100-continue', () => {
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n';

  it('is answered when the handler reads', async () => {
    let read: () => void = () => {};
    const served = new Served((request, response) => {
      read = () => void request.text().addCallback((text) => response.send(text));
    });
    expect(served.receive(head)).toBe('');
    read();
    expect(served.sent()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    expect(served.receive('x')).toBe(answer('200 OK', 'x'));
  });

  it('ends the connection if the handler does not read', () => {
    const served = new Served((_request, response) => response.send());
    expect(served.receive(head)).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${CLOSE}\r\n`);
    expect(served.transport.peerSees).toBe('end');
  });
});

describe('a request that fails', () => {
  it.each([
    ['413 Content Too Large', post('x'.repeat(11)), HTTPLimitError],
    ['400 Bad Request', CHUNKED.replace('3\r\n', 'x\r\n'), Error],
  ])('is answered with %s, and fails the reading', async (status, request, kind) => {
    let caught: unknown;
    const served = new Served(
      async (received, response) => {
        try {
          await received.bytes();
        } catch (error) {
          caught = error;
          expect(received.signal.reason).toBe(error);
          response.send('too late');
        }
      },
      { maxContentBytes: 10 },
    );
    served.transport.receive(request);
    expect(await served.later()).toBe(refusal(status));
    expect(caught).toBeInstanceOf(kind);
    expect(served.transport.peerSees).toBe('end');
  });

  it('may have more content than the limit of others', async () => {
    const served = new Served(
      async (request, response) => {
        request.maxContentBytes = 11;
        response.send(await request.text());
      },
      { maxContentBytes: 10 },
    );
    served.transport.receive(post('x'.repeat(11)));
    expect(await served.later()).toBe(answer('200 OK', 'x'.repeat(11)));
  });

  it('aborts its signal when the client is gone, and calls on its response do nothing', async () => {
    const reasons: unknown[] = [];
    const served = new Served(async (request, response) => {
      request.signal.addEventListener('abort', () => reasons.push(request.signal.reason));
      response.write('a');
      try {
        await request.text();
      } catch (error) {
        reasons.push(error);
        expect(response.ended).toBe(true);
        response.send();
        response.write('b');
        response.end();
        throw error;
      }
    });
    served.transport.receive('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na');
    served.transport.peerResets();
    await served.later();
    expect(reasons).toHaveLength(2);
    expect(reasons[0]).toBe(reasons[1]);
    expect(reasons[0]).toMatchObject({ name: 'ConnectionLost' });
    expect(served.factory.connections).toBe(0);
  });
});

describe('streaming an answer', () => {
  it('waits for a client that reads slowly', async () => {
    const served = new Served(
      async (_request, response) => {
        await response.sendFrom(Array.from({ length: 10 }, () => 'x'.repeat(60_000)));
      },
      {},
      10_000,
    );
    served.transport.receive(get('/'));
    let received = (await served.later()).length;
    expect(received).toBeLessThan(200_000);
    for (let i = 0; i < 20; i++) {
      served.transport.drain(1_000_000);
      received += (await served.later()).length;
    }
    expect(received).toBeGreaterThan(600_000);
    expect(served.transport.bufferedBytes).toBe(0);
    expect(served.transport.registeredProducer).toBeUndefined();
  });

  it('ends when the client is gone', async () => {
    let left = false;
    function* pieces(): Generator<string> {
      try {
        for (;;) yield 'x'.repeat(60_000);
      } finally {
        left = true;
      }
    }
    const served = new Served((_request, response) => response.sendFrom(pieces()), {}, 10_000);
    served.transport.receive(get('/'));
    await served.later();
    served.transport.peerResets();
    await served.later();
    expect(left).toBe(true);
  });

  it('fails with the error of its source, which is reported if nobody awaits it', async () => {
    const failure = new Error('of the source');
    function* pieces(): Generator<string> {
      yield 'a';
      throw failure;
    }
    const served = new Served((_request, response) => void response.sendFrom(pieces()));
    served.transport.receive(get('/'));
    await served.later();
    expect(takeUnhandledFailures().map(({ failure: { value } }) => value)).toEqual([failure]);
  });
});

it('HTTPStatusError takes error statuses only', () => {
  expect(() => new HTTPStatusError(200)).toThrow(RangeError);
  expect(new HTTPStatusError(404).message).toBe('Not Found');
});
