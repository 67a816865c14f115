/** The responses of the server: framing, fields, order, connections. */
import { describe, expect, it } from 'vitest';
import {
  HTTPContentLengthError,
  type HTTPHandler,
  type HTTPResponse,
  HTTPSequenceError,
  HTTPStatusError,
  InvalidHTTPOutputError,
} from '../../src/http/index.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { answer, CLOSE, DATE, get, post, refusal, Served } from './served.js';

const echoPath: HTTPHandler = ({ path }, response) => response.send(path);
const REQUEST = get('/');

describe('a response', () => {
  it('has Date, the fields in order, and Content-Length', () => {
    const served = new Served((_request, response) => {
      response.setField('Content-Type', 'text/plain').addField('A', 1).addField('A', '2');
      response.send('hello');
    });
    served.transport.receive(REQUEST);
    expect(served.transport.takeWritten().toString()).toBe(
      `HTTP/1.1 200 OK\r\n${DATE}Content-Type: text/plain\r\nA: 1\r\nA: 2\r\nContent-Length: 5\r\n\r\nhello`,
    );
    expect(served.transport.peerSees).toBe('open');
  });

  it('has the Date of its second', () => {
    let now = 1_500;
    const served = new Served(echoPath, { wallClock: () => now });
    expect(served.receive(get('/'))).toContain('00:00:01 GMT');
    now = 2_400;
    served.clock.advance(499);
    expect(served.receive(get('/'))).toContain('00:00:01 GMT');
    served.clock.advance(1);
    expect(served.receive(get('/'))).toContain('00:00:02 GMT');
  });

  it('keeps a Date that was set', () => {
    const served = new Served((_request, response) => response.setField('Date', 'x').send());
    expect(served.receive(REQUEST)).toBe(answer('200 OK', '', 'Date: x'));
  });

  it.each<[string, (response: HTTPResponse) => void, string]>([
    ['text is UTF-8', (r) => r.send('ü'), 'Content-Length: 2\r\n\r\n\xc3\xbc'],
    ['bytes', (r) => r.send(Buffer.from([255])), 'Content-Length: 1\r\n\r\n\xff'],
    [
      'fields are Latin-1',
      (r) => r.setField('A', 'ü').send('ü'),
      'A: \xfc\r\nContent-Length: 2\r\n\r\n\xc3\xbc',
    ],
    [
      'JSON',
      (r) => r.sendJSON({ a: 1 }),
      'Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}',
    ],
    ['nothing', (r) => r.end(), 'Content-Length: 0\r\n\r\n'],
    [
      'pieces',
      (r) => void [r.write('ab'), r.write(Buffer.from('c')), r.write(''), r.end('d')],
      'Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n1\r\nd\r\n0\r\n\r\n',
    ],
    [
      'pieces with Content-Length',
      (r) => void [r.setField('Content-Length', 2).write('a'), r.end('b')],
      'Content-Length: 2\r\n\r\nab',
    ],
    [
      'trailers',
      (r) => void [r.setTrailer('T', 'x'), r.end('a')],
      'Transfer-Encoding: chunked\r\nTrailer: t\r\n\r\n1\r\na\r\n0\r\nT: x\r\n\r\n',
    ],
    [
      'several trailers, each announced once',
      (r) => void [r.setTrailer('T', ['x', 'y']).setTrailer('U', 'z'), r.end('a')],
      'Transfer-Encoding: chunked\r\nTrailer: t, u\r\n\r\n1\r\na\r\n0\r\nT: x\r\nT: y\r\nU: z\r\n\r\n',
    ],
    [
      'a trailer after the head, unannounced',
      (r) => void [r.write('a'), r.setTrailer('T', 'x').end()],
      'Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nT: x\r\n\r\n',
    ],
    [
      'trailers behind content that is sent as a whole',
      (r) => void r.setTrailer('T', 'x').send('a'),
      'Transfer-Encoding: chunked\r\nTrailer: t\r\n\r\n1\r\na\r\n0\r\nT: x\r\n\r\n',
    ],
    [
      'trailers behind JSON',
      (r) => void r.setTrailer('T', 'x').sendJSON(7),
      'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: t\r\n\r\n1\r\n7\r\n0\r\nT: x\r\n\r\n',
    ],
    [
      'no trailer behind content with a length',
      (r) => void r.setTrailer('T', 'x').setField('Content-Length', 1).send('a'),
      'Content-Length: 1\r\n\r\na',
    ],
    [
      'replaced fields',
      (r) => r.setField('A', ['1', '2']).setField('a', '3').removeField('B').send(),
      'a: 3\r\nContent-Length: 0\r\n\r\n',
    ],
  ])('%s', (_name, respond, expected) => {
    const served = new Served((_request, response) => respond(response));
    expect(served.receive(REQUEST)).toBe(`HTTP/1.1 200 OK\r\n${expected}`);
  });

  it.each([
    [204, 'HTTP/1.1 204 No Content\r\n\r\n'],
    [304, 'HTTP/1.1 304 Not Modified\r\n\r\n'],
    [299, 'HTTP/1.1 299 \r\nContent-Length: 1\r\n\r\nx'],
  ])('with %i has the content that its status allows', (status, expected) => {
    const served = new Served((_request, response) => {
      response.status = status;
      response.send('x');
    });
    expect(served.receive(REQUEST)).toBe(expected);
  });

  it('to HEAD has the head of GET', () => {
    const served = new Served((_request, response) => response.send('hello'));
    expect(served.receive(REQUEST.replace('GET', 'HEAD'))).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    );
    const streamed = new Served((_request, response) => {
      response.write('a');
      response.end('b');
    });
    expect(streamed.receive(REQUEST.replace('GET', 'HEAD'))).toBe(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
  });

  it('to HTTP/1.0 ends with the connection, unless its length is known and the client keeps it', () => {
    const old = 'GET / HTTP/1.0\r\n\r\n';
    const streamed = new Served((_request, response) => {
      response.inform(103);
      response.write('a');
      response.end('b');
    });
    expect(streamed.receive(old)).toBe(`HTTP/1.1 200 OK\r\n${CLOSE}\r\nab`);
    expect(streamed.transport.peerSees).toBe('end');
    const kept = new Served((_request, response) => response.send('a'));
    expect(kept.receive('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\na',
    );
    expect(kept.transport.peerSees).toBe('open');
  });

  it('is preceded by informational responses', () => {
    const served = new Served((_request, response) => {
      response.earlyHints('</a>; rel=preload', '</b>');
      response.send();
    });
    expect(served.receive(REQUEST)).toBe(
      `HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nLink: </b>\r\n\r\n${answer('200 OK', '')}`,
    );
  });

  it.each<[string, (response: HTTPResponse) => unknown, new (...args: never[]) => Error]>([
    ['a name with a space', (r) => r.setField('a b', 'c'), InvalidHTTPOutputError],
    ['CR and LF', (r) => r.setField('a', 'b\r\nc: d'), InvalidHTTPOutputError],
    ['NUL', (r) => r.addField('a', '\0'), InvalidHTTPOutputError],
    ['beyond Latin-1', (r) => r.addField('a', '…'), InvalidHTTPOutputError],
    ['Transfer-Encoding', (r) => r.setField('Transfer-Encoding', 'gzip'), InvalidHTTPOutputError],
    ['Connection', (r) => r.setField('Connection', 'upgrade'), InvalidHTTPOutputError],
    ['a wrong Content-Length', (r) => r.setField('Content-Length', '1, 2'), InvalidHTTPOutputError],
    [
      'a second Content-Length',
      (r) => r.addField('Content-Length', 2).addField('content-length', 3),
      InvalidHTTPOutputError,
    ],
    ['a trailer for the head', (r) => r.setTrailer('Content-Length', '1'), InvalidHTTPOutputError],
    ['LF in a trailer', (r) => r.setTrailer('a', 'b\n'), InvalidHTTPOutputError],
    ['LF in a hint', (r) => r.earlyHints('a\nb'), InvalidHTTPOutputError],
    [
      'another length than announced',
      (r) => r.setField('Content-Length', 2).send('abc'),
      HTTPContentLengthError,
    ],
    [
      'more than announced',
      (r) => r.setField('Content-Length', 2).write('abc'),
      HTTPContentLengthError,
    ],
    [
      'a status that is none',
      (r) => {
        r.status = 100;
      },
      RangeError,
    ],
    ['what is no text', (r) => r.send(5 as never), TypeError],
    ['what is no JSON', (r) => r.sendJSON(undefined), TypeError],
  ])('refuses %s', (_name, respond, kind) => {
    let thrown: unknown;
    const served = new Served((_request, response) => {
      try {
        respond(response);
      } catch (error) {
        thrown = error;
      }
    });
    expect(served.receive(REQUEST)).not.toContain('200');
    expect(thrown).toBeInstanceOf(kind);
  });

  it('is sent once', () => {
    const served = new Served((_request, response) => {
      response.send('a');
      expect(response.headSent).toBe(true);
      expect(() => response.send('b')).toThrow(HTTPSequenceError);
      expect(() => response.write('b')).toThrow(HTTPSequenceError);
      expect(() => response.end('b')).toThrow(HTTPSequenceError);
      expect(() => response.setField('a', 'b')).toThrow(HTTPSequenceError);
      expect(() => response.inform(103)).toThrow(HTTPSequenceError);
    });
    expect(served.receive(REQUEST)).toBe(answer('200 OK', 'a'));
  });

  it('that ends before its announced length resets the connection', () => {
    using logged = captureLoggedErrors();
    const served = new Served((_request, response) => {
      response.setField('Content-Length', 3).write('a');
      response.end();
    });
    served.receive(REQUEST);
    expect(served.transport.peerSees).toBe('reset');
    expect(logged.flush(HTTPContentLengthError)).toHaveLength(1);
  });
});

describe('a handler that fails', () => {
  const failure = new Error('a secret');

  it.each<[string, HTTPHandler]>([
    [
      'throws',
      () => {
        throw failure;
      },
    ],
    ['rejects', () => Promise.reject(failure)],
  ])('is answered with 500 and reported if it %s', async (_name, handler) => {
    using logged = captureLoggedErrors();
    const served = new Served((request, response) => {
      response.setField('Secret', 'x').setTrailer('Secret', 'y');
      return handler(request, response);
    });
    served.transport.receive(REQUEST);
    expect(await served.later()).toBe(
      answer(
        '500 Internal Server Error',
        '500 Internal Server Error\n',
        'Content-Type: text/plain; charset=utf-8',
      ),
    );
    expect(logged.flush(Error).map(({ error }) => error)).toEqual([failure]);
    expect(served.transport.peerSees).toBe('open');
  });

  it('answers with the status of an HTTPStatusError, without a report', async () => {
    const served = new Served(async () => {
      throw new HTTPStatusError(404, 'no such secret');
    });
    served.transport.receive(REQUEST);
    expect(await served.later()).toBe(
      answer('404 Not Found', '404 Not Found\n', 'Content-Type: text/plain; charset=utf-8'),
    );
  });

  it('resets the connection if the head was sent', () => {
    using logged = captureLoggedErrors();
    const served = new Served((_request, response) => {
      response.write('a');
      throw failure;
    });
    served.receive(REQUEST);
    expect(served.transport.peerSees).toBe('reset');
    expect(logged.flush(Error)).toHaveLength(1);
  });
});

describe('pipelined requests', () => {
  it('are answered in order, in one write', () => {
    const served = new Served(echoPath);
    served.transport.receive(get('/1') + get('/2?q') + get('/3'));
    const expected = ['/1', '/2', '/3'].map((path) => answer('200 OK', path)).join('');
    expect(served.sent()).toBe(expected);
  });

  it('wait while one is being answered', () => {
    const waiting: [string, HTTPResponse][] = [];
    const served = new Served(({ path }, response) => void waiting.push([path, response]));
    expect(served.receive(get('/1') + get('/2'))).toBe('');
    expect(waiting.map(([path]) => path)).toEqual(['/1']);
    waiting[0]?.[1].send('one');
    expect(served.sent()).toBe(answer('200 OK', 'one'));
    expect(waiting.map(([path]) => path)).toEqual(['/1', '/2']);
    waiting[1]?.[1].send('two');
    expect(served.sent()).toBe(answer('200 OK', 'two'));
  });

  it('stop the reading at maxPipelinedBytes', () => {
    const waiting: HTTPResponse[] = [];
    const served = new Served((_request, response) => void waiting.push(response), {
      maxPipelinedBytes: 100,
    });
    served.receive(get('/') + get('/').repeat(3));
    expect(served.transport.paused).toBe(false);
    served.receive(get('/'));
    expect(served.transport.paused).toBe(true);
    for (let i = 0; i < 5; i++) waiting[i]?.send();
    expect(served.sent()).toBe(answer('200 OK', '').repeat(5));
    expect(served.transport.paused).toBe(false);
  });

  it('wait while the client does not read the answers', () => {
    let requests = 0;
    const served = new Served(
      (_request, response) => {
        requests++;
        response.send('x'.repeat(40_000));
      },
      {},
      1_000,
    );
    served.receive(get('/').repeat(10));
    expect(requests).toBe(2);
    for (let i = 0; i < 10; i++) {
      served.transport.drain(100_000);
      served.transport.settle();
    }
    expect(requests).toBe(10);
  });
});

describe('a connection', () => {
  it.each([
    ['the client asks for it', {}, get('/', 'Connection: close')],
    ['it has had maxRequestsPerConnection', { maxRequestsPerConnection: 1 }, REQUEST],
  ])('is closed after the answer if %s', (_name, options, request) => {
    const served = new Served(echoPath, options);
    expect(served.receive(request + REQUEST)).toBe(
      `HTTP/1.1 200 OK\r\nContent-Length: 1\r\n${CLOSE}\r\n/`,
    );
    expect(served.transport.peerSees).toBe('end');
  });

  it('is closed if the handler sets Connection: close', () => {
    const served = new Served((_request, response) => {
      response.setField('Connection', 'close').send();
    });
    expect(served.receive(REQUEST)).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${CLOSE}\r\n`);
    expect(served.transport.peerSees).toBe('end');
  });

  it('of a client that finishes sending is closed after the answers', () => {
    const waiting: HTTPResponse[] = [];
    const served = new Served((_request, response) => void waiting.push(response));
    served.receive(get('/1') + get('/2'));
    served.transport.peerCloses();
    waiting[0]?.send('a');
    expect(served.sent()).toBe(answer('200 OK', 'a'));
    waiting[1]?.send('b');
    expect(served.sent()).toBe(answer('200 OK', 'b'));
    expect(served.transport.peerSees).toBe('end');
  });

  it('of a client that sends an empty line and finishes is closed', () => {
    const served = new Served(echoPath);
    served.receive('\r\n');
    served.transport.peerCloses();
    expect(served.sent()).toBe('');
    expect(served.transport.peerSees).toBe('end');
  });

  it('of a client that finishes in a head is answered with 400', () => {
    const served = new Served(echoPath);
    served.receive('GET / HT');
    served.transport.peerCloses();
    expect(served.sent()).toBe(refusal('400 Bad Request'));
  });

  it.each([
    ['400 Bad Request', 'GET / HTTP/1.1\r\n\r\n'],
    [
      '501 Not Implemented',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
    ],
    ['505 HTTP Version Not Supported', 'GET / HTTP/2.0\r\n\r\n'],
    [
      '400 Bad Request',
      `${post('').replace('Length: 0', 'Length: 1')}`.replace(
        'Host: a\r\n',
        'Host: a\r\nContent-Length: 2\r\n',
      ),
    ],
  ])('answers a malformed request with %s and ends', (status, request) => {
    const served = new Served(echoPath);
    expect(served.receive(get('/') + request + get('/'))).toBe(
      answer('200 OK', '/') + refusal(status),
    );
    expect(served.transport.peerSees).toBe('end');
  });

  it('keeps nothing between two requests', () => {
    const served = new Served(echoPath);
    served.receive(get('/'));
    const values = Object.values(served.transport.protocol ?? {});
    const objects = values.filter((value) => typeof value === 'object' && value !== null);
    expect(objects.map((kept) => (kept as object).constructor.name).sort()).toEqual([
      'HTTPService',
      'MemoryTransport',
      'Object',
      'Object',
    ]);
  });
});

describe('draining', () => {
  it('closes idle connections at once, and others after their answer', async () => {
    const waiting: HTTPResponse[] = [];
    const served = new Served((_request, response) => void waiting.push(response));
    const busy = served.transport;
    busy.receive(get('/') + get('/'));
    const idle = served.connect();
    let done = false;
    served.factory.drain().addCallback(() => {
      done = true;
    });
    idle.settle();
    expect(idle.peerSees).toBe('end');
    expect(done).toBe(false);
    waiting[0]?.send('a');
    busy.settle();
    expect(busy.takeWritten().toString().replace(DATE, '')).toBe(
      `HTTP/1.1 200 OK\r\nContent-Length: 1\r\n${CLOSE}\r\na`,
    );
    busy.peerCloses();
    busy.settle();
    idle.peerCloses();
    idle.settle();
    expect(done).toBe(true);
    expect(served.factory.connections).toBe(0);
  });

  it('resets what is left at the deadline', () => {
    const served = new Served(() => {});
    served.receive(get('/'));
    let done = false;
    served.factory.drain({ deadlineMs: 1_000 }).addCallback(() => {
      done = true;
    });
    served.advance(999);
    expect(served.transport.peerSees).toBe('open');
    served.advance(1);
    expect(served.transport.peerSees).toBe('reset');
    expect(done).toBe(true);
  });
});
