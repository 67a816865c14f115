/** Requests of a pool, their content, and their responses. */
import { describe, expect, it } from 'vitest';
import {
  FieldBlock,
  type HTTPClientRequest,
  HTTPContentLengthError,
  HTTPLimitError,
  HTTPSequenceError,
  IncompleteHTTPMessageError,
  InvalidHTTPMessageError,
  InvalidHTTPOutputError,
  InvalidJSONError,
  NoHTTPResponseError,
} from '../../../src/http/index.js';
import {
  ConnectionLost,
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  UnknownOptionError,
} from '../../../src/index.js';
import { everySplit, failureResultOf, successResultOf } from '../../../src/testing/index.js';
import { GET, later, MemoryOrigin, Pooled, response } from './memory-servers.js';

describe('a request of a pool', () => {
  it('is sent with Host, and its response is read', () => {
    const { pool, origin } = new Pooled();
    const asked = pool.request(origin, { target: '/x?y', fields: { Accept: '*/*' } });
    expect(origin.last.sent).toBe('GET /x?y HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n');
    origin.last.answer(response('hello', 'A: 1', 'A: 2'));
    const answer = successResultOf(asked);
    expect([answer.status, answer.reason, answer.version]).toEqual([200, 'OK', '1.1']);
    expect([answer.field('a'), answer.fields('a'), answer.has('b')]).toEqual([
      '1, 2',
      ['1', '2'],
      false,
    ]);
    expect([...answer.rawFields()].length).toBe(3);
    expect(answer.contentLength).toBe(5);
    expect(successResultOf(answer.text())).toBe('hello');
    expect(pool.counts).toMatchObject({ connections: 1, idle: 1, connecting: 0, queued: 0 });
  });

  it('gives the same response however it is cut', () => {
    const text =
      'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n' +
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\nSum: 3\r\n\r\n';
    for (const pieces of everySplit(Buffer.from(text))) {
      const { pool, origin } = new Pooled();
      const hints: (string | undefined)[] = [];
      const asked = pool.request(origin, {
        onInformational: (head) => hints.push(head.field('link')),
      });
      const content = asked.addCallback((answer) =>
        answer.text().addCallback((body) => [body, answer.trailers?.field('sum')]),
      );
      for (const piece of pieces) origin.last.answer(piece);
      expect(successResultOf(content)).toEqual(['hello!', '3']);
      expect(hints).toEqual(['a']);
      expect(pool.counts.idle).toBe(1);
    }
  });

  it('uses the connection again, the one that was used last first', () => {
    const { pool, origin } = new Pooled();
    const both = [pool.request(origin), pool.request(origin)];
    const [first, second] = origin.connections;
    second?.answer(response(''));
    first?.answer(response(''));
    for (const one of both) successResultOf(one);
    expect(pool.counts.idle).toBe(2);
    first?.sent;
    pool.request(origin);
    expect(first?.sent).toBe(GET);
    expect(origin.connections.length).toBe(2);
  });

  it.each([
    ['after Connection: close of the server', response('', 'Connection: close'), {}],
    ['after a response in HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', {}],
    ['after Connection: close of the request', response(''), { fields: { Connection: 'close' } }],
    ['if bytes follow the response', `${response('')}HTTP/1.1 200 OK\r\n`, {}],
  ] as [string, string, HTTPClientRequest][])('does not use it again %s', (_why, text, request) => {
    const { pool, origin } = new Pooled();
    const asked = pool.request(origin, request);
    origin.last.answer(text);
    expect(successResultOf(asked).status).toBe(200);
    expect(pool.counts).toMatchObject({ connections: 0, idle: 0 });
  });

  it('does not use a connection that received bytes without a request', () => {
    const { pool, origin } = new Pooled();
    pool.request(origin);
    const [first] = origin.connections;
    first?.answer(response(''));
    first?.answer(response('forged'));
    expect(first?.transport.peerSees).toBe('reset');
    const asked = pool.request(origin);
    origin.last.answer(response('true'));
    expect(successResultOf(successResultOf(asked).text())).toBe('true');
  });

  it('reads content that ends with the connection', () => {
    const { pool, origin } = new Pooled();
    const text = pool.request(origin).addCallback((answer) => answer.text());
    origin.last.answer('HTTP/1.1 200 OK\r\n\r\nhel').answer('lo');
    origin.last.close();
    expect(successResultOf(text)).toBe('hello');
  });

  it('fails if such a connection is reset', () => {
    const { pool, origin } = new Pooled();
    const text = pool.request(origin).addCallback((answer) => answer.text());
    origin.last.answer('HTTP/1.1 200 OK\r\n\r\nhel');
    origin.last.reset();
    expect(failureResultOf(text)).toBeInstanceOf(ConnectionLost);
  });

  it.each([
    ['content', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', IncompleteHTTPMessageError],
    [
      'chunks',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello',
      IncompleteHTTPMessageError,
    ],
    ['a head', 'HTTP/1.1 200 OK\r\nCont', IncompleteHTTPMessageError],
    ['nothing', '', NoHTTPResponseError],
  ])('fails if the server closes after a part of %s', (_what, text, expected) => {
    const { pool, origin } = new Pooled();
    const content = pool.request(origin).addCallback((answer) => answer.bytes());
    if (text !== '') origin.last.answer(text);
    origin.last.close();
    expect(failureResultOf(content)).toBeInstanceOf(expected);
    expect(pool.counts.connections).toBe(0);
  });

  it('fails if the response is malformed, and aborts the connection', () => {
    const { pool, origin } = new Pooled();
    const asked = pool.request(origin);
    origin.last.answer('HTTP/1.1 200 OK\nContent-Length: 0\n\n');
    const error = failureResultOf(asked) as InvalidHTTPMessageError;
    expect(error).toBeInstanceOf(InvalidHTTPMessageError);
    expect(error.status).toBe(502);
    expect(origin.last.transport.peerSees).toBe('reset');
  });

  it('passes on content as it is taken', async () => {
    const { pool, origin } = new Pooled();
    const asked = pool.request(origin);
    origin.last.answer('HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n');
    const answer = successResultOf(asked);
    origin.last.answer(Buffer.alloc(65_000, 'a'));
    expect(origin.last.transport.paused).toBe(false);
    origin.last.answer(Buffer.alloc(65_000, 'b'));
    origin.last.answer(Buffer.alloc(70_000, 'c'));
    expect(origin.last.transport.paused).toBe(true);
    let length = 0;
    for await (const piece of answer) {
      length += piece.length;
      origin.last.transport.settle();
    }
    expect(length).toBe(200_000);
    expect(pool.counts.idle).toBe(1);
  });

  it('passes on content to a receiver, which can pause it', () => {
    const { pool, origin } = new Pooled();
    const asked = pool.request(origin);
    origin.last.answer('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n');
    const seen: string[] = [];
    const pushed = successResultOf(asked).receive({
      received: (data) => {
        seen.push(String(data));
        pushed.pauseProducing();
      },
      ended: () => seen.push('ended'),
      failed: () => seen.push('failed'),
    });
    origin.last.answer('abc').answer('def');
    expect(seen).toEqual(['abc']);
    pushed.resumeProducing();
    expect(seen).toEqual(['abc', 'def']);
    pushed.resumeProducing();
    expect(seen).toEqual(['abc', 'def', 'ended']);
  });

  it('drops short content, and aborts the connection for long content', () => {
    const { pool, origin } = new Pooled();
    const short = pool.request(origin);
    origin.last.answer('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n');
    successResultOf(short).discard();
    origin.last.answer('abc');
    expect(pool.counts.idle).toBe(1);
    const long = pool.request(origin);
    origin.last.answer('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n');
    successResultOf(long).discard();
    origin.last.answer(Buffer.alloc(60_000)).answer(Buffer.alloc(6_000));
    expect(origin.last.transport.peerSees).toBe('reset');
    expect(pool.counts.connections).toBe(0);
  });

  it('limits content that is collected', () => {
    const { pool, origin } = new Pooled();
    const bytes = pool.request(origin).addCallback((answer) => answer.bytes(4));
    origin.last.answer(response('hello'));
    const error = failureResultOf(bytes) as HTTPLimitError;
    expect(error).toBeInstanceOf(HTTPLimitError);
    expect([error.option, error.limit]).toEqual(['maxContentBytes', 4]);
  });

  it('parses JSON', () => {
    const { pool, origin } = new Pooled();
    const good = pool.request(origin).addCallback((answer) => answer.json());
    origin.last.answer(response('{"a":1}'));
    expect(successResultOf(good)).toEqual({ a: 1 });
    const bad = pool.request(origin).addCallback((answer) => answer.json());
    origin.last.answer(response('{'));
    expect(failureResultOf(bad)).toBeInstanceOf(InvalidJSONError);
    expect(pool.counts.idle).toBe(1);
  });

  it('reads content once', () => {
    const { pool, origin } = new Pooled();
    const asked = pool.request(origin);
    origin.last.answer(response('a'));
    const answer = successResultOf(asked);
    answer.text();
    expect(() => answer.text()).toThrow(HTTPSequenceError);
  });

  it('to HEAD, and with 204 and 304, has no content', () => {
    for (const [method, status] of [
      ['HEAD', 200],
      ['GET', 204],
      ['GET', 304],
    ] as const) {
      const { pool, origin } = new Pooled();
      const asked = pool.request(origin, { method });
      const length = status === 204 ? '' : 'Content-Length: 10\r\n';
      origin.last.answer(`HTTP/1.1 ${status} X\r\n${length}\r\n`);
      expect(successResultOf(successResultOf(asked).text())).toBe('');
      expect(pool.counts.idle).toBe(1);
    }
  });

  it('is refused at the call if it cannot be sent', () => {
    const { pool, origin } = new Pooled();
    const bad: readonly [HTTPClientRequest, new (...args: never[]) => Error][] = [
      [{ method: 'G T' }, InvalidHTTPOutputError],
      [{ target: '/a b' }, InvalidHTTPOutputError],
      [{ target: 'a' }, InvalidHTTPOutputError],
      [{ fields: { 'A\r\nB': 'c' } }, InvalidHTTPOutputError],
      [{ fields: { A: 'b\r\nC: d' } }, InvalidHTTPOutputError],
      [{ fields: { Host: 'a b' } }, InvalidHTTPOutputError],
      [{ fields: { 'Transfer-Encoding': 'chunked' } }, InvalidHTTPOutputError],
      [{ fields: { 'Content-Length': '3' }, content: 'ab' }, HTTPContentLengthError],
      [{ fields: new FieldBlock({ A: 'b' }) }, InvalidHTTPOutputError],
      [{ fields: new FieldBlock({ Host: 'b' }), upgrade: 'x' }, InvalidArgumentValueError],
      [{ method: 'CONNECT', target: 'a:1', content: 'x' }, HTTPSequenceError],
      [{ content: 'x', contentLength: 1 }, HTTPSequenceError],
      [{ content: 3 as never }, InvalidArgumentTypeError],
      [{ upgrade: 'a b' }, InvalidArgumentValueError],
      [{ headTimeoutMs: 0 }, InvalidArgumentValueError],
      [{ totalTimeoutMs: -1 }, InvalidArgumentValueError],
      [{ heads: 1 } as never, UnknownOptionError],
    ];
    for (const [request, expected] of bad) {
      expect(() => pool.request(origin, request)).toThrow(expected);
    }
    expect(origin.connections).toEqual([]);
    expect(() => pool.request({ authority: 'a' } as never)).toThrow(InvalidArgumentTypeError);
  });
});

describe('the content of a request', () => {
  it('is sent with its length', () => {
    const { pool, origin } = new Pooled();
    pool.request(origin, { method: 'POST', content: 'ä' });
    expect(origin.last.sent).toBe(
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n\xc3\xa4',
    );
  });

  it('is sent in pieces, chunked, with trailers', async () => {
    const { pool, origin } = new Pooled();
    const asked = pool.request(origin, {
      method: 'PUT',
      content: ['ab', Buffer.from('c')],
      trailers: () => ({ Sum: '3' }),
    });
    await later();
    expect(origin.last.sent).toBe(
      'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nSum: 3\r\n\r\n',
    );
    origin.last.answer(response(''));
    expect(successResultOf(asked).status).toBe(200);
    expect(pool.counts.idle).toBe(1);
  });

  it('is taken no faster than the server reads', async () => {
    const { pool } = new Pooled();
    const origin = new MemoryOrigin('a', true, 70_000);
    let made = 0;
    pool.request(origin, {
      method: 'PUT',
      contentLength: 400_000,
      content: (async function* pieces() {
        for (; made < 10; made++) yield Buffer.alloc(40_000);
      })(),
    });
    for (let turn = 0; turn < 5; turn++) {
      await later();
      origin.last.transport.settle();
    }
    expect(made).toBeLessThan(5);
    for (let turn = 0; turn < 40; turn++) {
      origin.last.transport.drain();
      origin.last.transport.settle();
      await later();
    }
    expect(made).toBe(10);
  });

  it('waits for permission, or for its time', async () => {
    for (const permit of [true, false]) {
      const pooled = new Pooled();
      const { pool, origin } = pooled;
      pool.request(origin, { method: 'PUT', content: 'abc', continueTimeoutMs: 1_000 });
      await later();
      expect(origin.last.sent).toBe(
        'PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n',
      );
      if (permit) origin.last.answer('HTTP/1.1 100 Continue\r\n\r\n');
      else pooled.advance(1_000);
      await later();
      expect(origin.last.sent).toBe('abc');
    }
  });

  it('is not sent after a final response in place of permission, nor is the connection used again', async () => {
    const { pool, origin } = new Pooled();
    const asked = pool.request(origin, { method: 'PUT', content: 'abc', continueTimeoutMs: 1_000 });
    await later();
    origin.last.sent;
    origin.last.answer('HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n');
    expect(successResultOf(asked).status).toBe(417);
    await later();
    expect(origin.last.sent).toBe('');
    expect(pool.counts.connections).toBe(0);
  });

  it('ends the request with its error', async () => {
    const { pool, origin } = new Pooled();
    const asked = pool.request(origin, {
      method: 'PUT',
      content: (async function* pieces() {
        yield 'a';
        throw new RangeError('b');
      })(),
    });
    await later();
    expect(failureResultOf(asked)).toBeInstanceOf(RangeError);
    expect(origin.last.transport.peerSees).toBe('reset');
  });

  it('is left if the response comes first', async () => {
    const { pool, origin } = new Pooled();
    let left = false;
    const asked = pool.request(origin, {
      method: 'PUT',
      content: (async function* pieces() {
        try {
          for (let i = 0; i < 100; i++) {
            yield 'a';
            if (i === 2) origin.last.answer(response('early'));
          }
        } finally {
          left = true;
        }
      })(),
    });
    await later();
    await later();
    const text = successResultOf(asked).text();
    await later();
    expect(successResultOf(text)).toBe('early');
    await later();
    expect(left).toBe(true);
    origin.last.transport.settle();
    expect(pool.counts.connections).toBe(0);
  });
});
