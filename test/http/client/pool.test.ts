/** The connections of a pool: repeated requests, limits, times, other protocols, and the end. */
import { describe, expect, it } from 'vitest';
import {
  type HTTPClientRequest,
  HTTPPoolClosedError,
  HTTPPoolFullError,
  HTTPResponseTimeoutError,
  HTTPSequenceError,
  NoHTTPResponseError,
} from '../../../src/http/index.js';
import {
  CancelledError,
  ConnectionRefusedError,
  InvalidArgumentValueError,
  Protocol,
  UnknownOptionError,
} from '../../../src/index.js';
import { failureResultOf, flushLoggedErrors, successResultOf } from '../../../src/testing/index.js';
import { later, MemoryOrigin, Pooled, response } from './memory-servers.js';

describe('a repeated request', () => {
  function stale(request: HTTPClientRequest) {
    const pooled = new Pooled();
    const { pool, origin } = pooled;
    pool.request(origin);
    const [first] = origin.connections;
    first?.answer(response(''));
    const asked = pool.request(origin, request);
    first?.sent;
    return { pool, origin, asked, first };
  }

  it('is sent on a new connection if the server closed the used one', () => {
    for (const request of [
      {},
      { method: 'PUT', content: 'a' },
      { method: 'POST', idempotent: true },
    ]) {
      const { origin, asked, first } = stale(request);
      first?.close();
      expect(origin.connections.length).toBe(2);
      expect(origin.last.sent).toContain(request.method ?? 'GET');
      origin.last.answer(response('again'));
      expect(successResultOf(asked).status).toBe(200);
    }
  });

  it('is not sent a third time', () => {
    const { origin, asked, first } = stale({});
    first?.reset();
    origin.last.close();
    const error = failureResultOf(asked) as NoHTTPResponseError;
    expect(error).toBeInstanceOf(NoHTTPResponseError);
    expect([error.wasReused, error.status]).toEqual([false, 502]);
    expect(origin.connections.length).toBe(2);
  });

  it.each([
    ['POST', { method: 'POST' }, ''],
    ['content in pieces', { method: 'PUT', content: ['a'] }, ''],
    ['a request that is not idempotent', { idempotent: false }, ''],
    ['a request whose response has begun', {}, 'HTTP/1.1 200'],
  ] as [string, HTTPClientRequest, string][])('is not %s', (_what, request, text) => {
    const { origin, asked, first } = stale(request);
    if (text !== '') first?.answer(text);
    first?.close();
    expect(failureResultOf(asked)).toBeInstanceOf(Error);
    expect(origin.connections.length).toBe(1);
  });
});

describe('the limits of a pool', () => {
  it('bound the connections per origin; further requests wait their turn', () => {
    const { pool, origin } = new Pooled({ maxConnectionsPerOrigin: 1 });
    const order: string[] = [];
    for (const target of ['/1', '/2', '/3']) {
      pool.request(origin, { target }).addCallback(() => void order.push(target));
    }
    expect(pool.counts).toMatchObject({ connections: 1, idle: 0, connecting: 0, queued: 2 });
    for (let i = 0; i < 3; i++) origin.last.answer(response(''));
    expect(order).toEqual(['/1', '/2', '/3']);
    expect(origin.connections.length).toBe(1);
  });

  it('bound the connections in all: idle ones make room for other origins', () => {
    const { pool, origin } = new Pooled({ maxConnections: 1 });
    const other = new MemoryOrigin('b');
    pool.request(origin);
    const asked = pool.request(other);
    expect(other.connections.length).toBe(0);
    origin.last.answer(response(''));
    origin.last.close();
    expect(other.connections.length).toBe(1);
    other.last.answer(response(''));
    expect(successResultOf(asked).status).toBe(200);
  });

  it('bound the requests that wait', () => {
    const { pool, origin } = new Pooled({ maxConnectionsPerOrigin: 1, maxQueuedRequests: 1 });
    pool.request(origin);
    const second = pool.request(origin);
    const third = pool.request(origin);
    const error = failureResultOf(third) as HTTPPoolFullError;
    expect(error).toBeInstanceOf(HTTPPoolFullError);
    expect([error.limit, error.status]).toEqual([1, 503]);
    origin.last.answer(response('')).answer(response(''));
    expect(successResultOf(second).status).toBe(200);
  });

  it('bound the requests of a connection', () => {
    const { pool, origin } = new Pooled({ maxRequestsPerConnection: 2 });
    for (let i = 0; i < 3; i++) {
      pool.request(origin);
      origin.last.answer(response(''));
    }
    expect(origin.connections.length).toBe(2);
  });

  it.each([
    ['maxHeadBytes', { maxHeadBytes: 64 }, `HTTP/1.1 200 OK\r\nA: ${'a'.repeat(80)}\r\n\r\n`],
    ['maxFields', { maxFields: 1 }, 'HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\n\r\n'],
    ['maxContentBytes', { maxContentBytes: 4 }, response('hello')],
    ['maxInformational', { maxInformational: 0 }, 'HTTP/1.1 103 X\r\n\r\n'],
    [
      'maxTrailerBytes',
      { maxTrailerBytes: 10 },
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nAbcdefgh: ij\r\n\r\n',
    ],
    [
      'maxChunkExtensionBytes',
      { maxChunkExtensionBytes: 2 },
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;abc=d\r\na\r\n0\r\n\r\n',
    ],
  ])('bound responses: %s', (option, options, text) => {
    const { pool, origin } = new Pooled(options);
    let failure: unknown;
    const content = pool.request(origin).addCallback((answer) => {
      const reading = answer[Symbol.asyncIterator]();
      return reading.next().then(() => reading.next());
    });
    content.addErrback(({ value }) => {
      failure = value;
    });
    origin.last.answer(text);
    return later().then(() => expect(failure).toMatchObject({ code: 'ERR_HTTP_LIMIT', option }));
  });

  it('are checked', () => {
    expect(() => new Pooled({ maxConnections: 0 })).toThrow(InvalidArgumentValueError);
    expect(() => new Pooled({ maxConnectionsPerOrigin: 1.5 })).toThrow(InvalidArgumentValueError);
    expect(() => new Pooled({ maxQueuedRequests: -1 })).toThrow(InvalidArgumentValueError);
    expect(() => new Pooled({ idleTimeoutMs: 0 })).toThrow(InvalidArgumentValueError);
    expect(() => new Pooled({ maxSockets: 1 } as never)).toThrow(UnknownOptionError);
  });
});

describe('a failing attempt to connect', () => {
  const refused = new ConnectionRefusedError('no', { host: 'a', port: 1 });

  it('fails the first request that waits', () => {
    const { pool } = new Pooled();
    const origin = new MemoryOrigin('a', false);
    const both = [pool.request(origin), pool.request(origin)] as const;
    expect(pool.counts).toMatchObject({ connecting: 2, queued: 2 });
    origin.refuse(refused);
    expect(failureResultOf(both[0])).toBe(refused);
    origin.accept().answer(response(''));
    expect(successResultOf(both[1]).status).toBe(200);
    expect(pool.counts).toMatchObject({ connections: 1, idle: 1, connecting: 0, queued: 0 });
  });

  it('lets another request try at a limit', () => {
    const { pool } = new Pooled({ maxConnectionsPerOrigin: 1 });
    const origin = new MemoryOrigin('a', false);
    const both = [pool.request(origin), pool.request(origin)] as const;
    origin.refuse(refused);
    expect(failureResultOf(both[0])).toBe(refused);
    expect(origin.attempts.length).toBe(1);
    origin.accept().answer(response(''));
    expect(successResultOf(both[1]).status).toBe(200);
  });

  it('that never comes because responses are not read is explained', () => {
    const pooled = new Pooled({ maxConnectionsPerOrigin: 1 });
    const origin = new MemoryOrigin('a');
    pooled.pool.request(origin);
    const asked = pooled.pool.request(origin, { connectTimeoutMs: 1_000 });
    pooled.advance(2_000);
    expect(failureResultOf(asked)).toMatchObject({
      message: expect.stringContaining('read or discard the content of each response'),
    });
  });

  it('is given up if nobody waits for it', () => {
    const pooled = new Pooled();
    const origin = new MemoryOrigin('a', false);
    const asked = pooled.pool.request(origin, { connectTimeoutMs: 1_000 });
    const other = pooled.pool.request(origin);
    pooled.advance(2_000);
    expect(failureResultOf(asked)).toMatchObject({ option: 'connectTimeoutMs', limit: 1_000 });
    expect(origin.cancelled).toBe(1);
    other.cancel();
    expect(origin.cancelled).toBe(2);
    expect(failureResultOf(other)).toBeInstanceOf(CancelledError);
    expect(pooled.pool.counts).toMatchObject({ connections: 0, idle: 0, connecting: 0, queued: 0 });
  });
});

describe('the times of a request', () => {
  it('bound the head, from the end of the request', () => {
    const pooled = new Pooled({ headTimeoutMs: 8_000 });
    const asked = pooled.pool.request(pooled.origin);
    pooled.advance(7_000);
    pooled.origin.last.answer('HTTP/1.1 102 X\r\n\r\n');
    pooled.advance(7_000);
    pooled.origin.last.answer('HTTP/1.1 2');
    pooled.advance(3_000);
    const error = failureResultOf(asked) as HTTPResponseTimeoutError;
    expect(error).toBeInstanceOf(HTTPResponseTimeoutError);
    expect([error.option, error.limit, error.status]).toEqual(['headTimeoutMs', 8_000, 504]);
    expect(pooled.origin.last.transport.peerSees).toBe('reset');
  });

  it('bound the pauses in content, except while nobody reads', async () => {
    const pooled = new Pooled();
    const asked = pooled.pool.request(pooled.origin, { bodyIdleTimeoutMs: 2_000 });
    const { last } = pooled.origin;
    last.answer('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab');
    pooled.advance(10_000);
    const text = successResultOf(asked).text();
    pooled.advance(1_500);
    last.answer('cd');
    pooled.advance(1_500);
    last.answer('ef');
    pooled.advance(3_000);
    expect(failureResultOf(text)).toMatchObject({ option: 'bodyIdleTimeoutMs', limit: 2_000 });
  });

  it('bound the time in which the server accepts nothing', async () => {
    const pooled = new Pooled({ writeTimeoutMs: 5_000 });
    const origin = new MemoryOrigin('a', true, 10_000);
    const asked = pooled.pool.request(origin, { method: 'PUT', content: Buffer.alloc(200_000) });
    pooled.advance(4_000);
    origin.last.transport.drain(5_000);
    origin.last.transport.settle();
    pooled.advance(4_000);
    expect(origin.last.transport.peerSees).toBe('open');
    pooled.advance(8_000);
    expect(failureResultOf(asked)).toMatchObject({ option: 'writeTimeoutMs' });
  });

  it('bound the whole', () => {
    const pooled = new Pooled();
    const asked = pooled.pool.request(pooled.origin, { totalTimeoutMs: 3_000 });
    pooled.origin.last.answer('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab');
    const text = successResultOf(asked).text();
    for (let i = 0; i < 4; i++) {
      pooled.advance(1_000);
      if (pooled.origin.last.transport.peerSees === 'open') pooled.origin.last.answer('c');
    }
    expect(failureResultOf(text)).toMatchObject({ option: 'totalTimeoutMs', limit: 3_000 });
    expect(pooled.origin.last.transport.peerSees).toBe('reset');
  });

  it('close idle connections', () => {
    const pooled = new Pooled({ idleTimeoutMs: 2_000 });
    pooled.pool.request(pooled.origin);
    pooled.origin.last.answer(response(''));
    pooled.advance(1_500);
    expect(pooled.pool.counts.idle).toBe(1);
    pooled.advance(1_500);
    pooled.origin.last.transport.settle();
    expect(pooled.pool.counts.connections).toBe(0);
    expect(pooled.clock.nextTime).toBe(undefined);
  });
});

describe('a cancelled request', () => {
  it('aborts its connection, or leaves the queue', () => {
    const { pool, origin } = new Pooled({ maxConnectionsPerOrigin: 1 });
    const [first, second] = [pool.request(origin), pool.request(origin)];
    second.cancel();
    expect(failureResultOf(second)).toBeInstanceOf(CancelledError);
    expect(pool.counts.queued).toBe(0);
    first.cancel();
    expect(failureResultOf(first)).toBeInstanceOf(CancelledError);
    origin.last.transport.settle();
    expect(origin.last.transport.peerSees).toBe('reset');
    expect(pool.counts.connections).toBe(0);
  });

  it('cannot disturb the next one on its connection', () => {
    const { pool, origin } = new Pooled();
    const asked = pool.request(origin);
    origin.last.answer(response('a'));
    const answer = successResultOf(asked);
    successResultOf(answer.text());
    const next = pool.request(origin);
    answer.abort();
    answer.discard();
    origin.last.answer(response('b'));
    expect(successResultOf(next).status).toBe(200);
    expect(origin.connections.length).toBe(1);
  });

  it('fails the content of its response', () => {
    const { pool, origin } = new Pooled();
    const asked = pool.request(origin);
    origin.last.answer('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab');
    const answer = successResultOf(asked);
    const text = answer.text();
    answer.abort();
    expect(failureResultOf(text)).toBeInstanceOf(CancelledError);
  });
});

describe('a response that switches protocols', () => {
  class Shout extends Protocol {
    override dataReceived(data: Buffer): void {
      this.transport.write(String(data).toUpperCase());
    }
  }

  it.each([
    [{ upgrade: 'shout' }, 'HTTP/1.1 101 S\r\nUpgrade: shout\r\nConnection: upgrade\r\n\r\n'],
    [{ method: 'CONNECT', target: 'b:1' }, 'HTTP/1.1 200 OK\r\n\r\n'],
  ] as [HTTPClientRequest, string][])('gives the connection away: %j', async (request, text) => {
    const { pool, origin } = new Pooled();
    const asked = pool.request(origin, request);
    origin.last.sent;
    origin.last.answer(`${text}abc`);
    const answer = await asked;
    expect(() => answer.text()).toThrow(HTTPSequenceError);
    answer.switchTo(new Shout());
    expect(pool.counts.connections).toBe(0);
    expect(origin.last.sent).toBe('ABC');
    expect(origin.last.answer('d').sent).toBe('D');
    expect(() => answer.switchTo(new Shout())).toThrow(HTTPSequenceError);
  });

  it('is refused if the request did not ask for it', () => {
    const { pool, origin } = new Pooled();
    const asked = pool.request(origin);
    origin.last.answer('HTTP/1.1 101 S\r\n\r\n');
    expect(failureResultOf(asked)).toMatchObject({ rule: 'unrequested-upgrade' });
    const plain = pool.request(origin);
    origin.last.answer(response('a'));
    expect(() => successResultOf(plain).switchTo(new Shout())).toThrow(HTTPSequenceError);
  });
});

describe('a closed pool', () => {
  it('finishes what is in progress, and nothing else', () => {
    const { pool, origin } = new Pooled({ maxConnectionsPerOrigin: 2 });
    const asked = pool.request(origin);
    pool.request(origin);
    origin.last.answer(response(''));
    const waiting = [pool.request(origin), pool.request(origin)] as const;
    const closed = pool.close();
    expect(failureResultOf(waiting[1])).toBeInstanceOf(HTTPPoolClosedError);
    expect(failureResultOf(pool.request(origin))).toBeInstanceOf(HTTPPoolClosedError);
    expect(closed.fired).toBe(false);
    for (const end of origin.connections) end.answer(response(''));
    expect(successResultOf(asked).status).toBe(200);
    expect(successResultOf(waiting[0]).status).toBe(200);
    expect(closed.fired).toBe(true);
  });

  it('fails requests that wait for attempts to connect, and begins no other', () => {
    const { pool, origin } = new Pooled({ maxConnectionsPerOrigin: 2 });
    origin.isAutomatic = false;
    const waiting = [1, 2, 3, 4].map(() => pool.request(origin));
    const closed = pool.close();
    for (const asked of waiting) expect(failureResultOf(asked)).toBeInstanceOf(HTTPPoolClosedError);
    expect([origin.cancelled, origin.attempts.length]).toEqual([2, 2]);
    expect(successResultOf(closed)).toBeUndefined();
  });

  it('aborts what is in progress if that is asked for', () => {
    const { pool, origin } = new Pooled();
    const asked = pool.request(origin);
    const closed = pool.abort();
    origin.last.transport.settle();
    expect(failureResultOf(asked)).toBeInstanceOf(NoHTTPResponseError);
    expect(closed.fired).toBe(true);
  });
});

it('reports an exception of onInformational, and ends the request with it', () => {
  const { pool, origin } = new Pooled();
  const asked = pool.request(origin, {
    onInformational: () => {
      throw new RangeError('mine');
    },
  });
  origin.last.answer('HTTP/1.1 103 X\r\n\r\n');
  expect(failureResultOf(asked)).toBeInstanceOf(RangeError);
  expect(flushLoggedErrors(RangeError).length).toBe(1);
});
