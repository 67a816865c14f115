/** Content of responses that is left, dropped or never read, and content of requests that is not sent to its end. */
import { once } from 'node:events';
import { createReadStream, type ReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { HTTPClientRequest, HTTPClientResponse } from '../../../src/http/index.js';
import { HTTPResponseTimeoutError, IncompleteHTTPMessageError } from '../../../src/http/index.js';
import { failureResultOf, flushLoggedErrors, successResultOf } from '../../../src/testing/index.js';
import { within } from '../../support/deadline.js';
import { later, type MemoryOrigin, Pooled, response } from './memory-servers.js';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n';
const DONE = { done: true, value: undefined };

/** A stream of a file. */
function openStream(): ReadStream {
  return createReadStream(new URL(import.meta.url));
}

/** A request whose response has begun with `text`. */
function asked(
  text = HEAD,
  request: HTTPClientRequest = {},
  pooled = new Pooled(),
): { pooled: Pooled; origin: MemoryOrigin; answer: HTTPClientResponse } {
  const { pool, origin } = pooled;
  const called = pool.request(origin, request);
  origin.last.answer(text);
  return { pooled, origin, answer: successResultOf(called) };
}

describe('the iterator of a response', () => {
  it.each([
    ['before the first piece', 0, false],
    ['between pieces', 1, false],
    ['while a piece is waited for', 1, true],
    ['while several pieces are waited for', 0, true],
  ] as const)(
    'that is left %s drops the rest, and the connection is used again',
    async (_when, read, waits) => {
      const { pooled, origin, answer } = asked();
      const iterator = answer[Symbol.asyncIterator]();
      for (let n = 0; n < read; n++) {
        const next = iterator.next();
        origin.last.answer('abcde');
        expect((await next).value?.toString()).toBe('abcde');
      }
      const waiting = waits ? [iterator.next(), iterator.next()] : [];
      expect(await iterator.return?.()).toEqual(DONE);
      expect(await Promise.all([...waiting, iterator.next(), iterator.return?.()])).toEqual(
        [...waiting, 0, 0].map(() => DONE),
      );
      expect(pooled.pool.counts.idle).toBe(0);
      origin.last.answer(read === 0 ? 'abcdefghij' : 'fghij');
      expect(pooled.pool.counts).toMatchObject({ connections: 1, idle: 1 });
      expect(flushLoggedErrors()).toEqual([]);
    },
  );

  it('that is left after the end does nothing', async () => {
    const { pooled, origin, answer } = asked(`${HEAD}abcdefghij`);
    const iterator = answer[Symbol.asyncIterator]();
    expect((await iterator.next()).value?.toString()).toBe('abcdefghij');
    expect(await iterator.next()).toEqual(DONE);
    const second = pooled.pool.request(origin);
    expect(await iterator.return?.()).toEqual(DONE);
    origin.last.answer(response('other'));
    expect(successResultOf(successResultOf(second).text())).toBe('other');
  });

  it('that is left after a failure does not fail again', async () => {
    const { origin, answer } = asked();
    const iterator = answer[Symbol.asyncIterator]();
    const next = iterator.next();
    origin.last.close();
    await expect(next).rejects.toThrow(IncompleteHTTPMessageError);
    expect(await iterator.return?.()).toEqual(DONE);
    expect(await iterator.next()).toEqual(DONE);
  });

  it('that is left before a failure hides it', async () => {
    const { pooled, origin, answer } = asked();
    await answer[Symbol.asyncIterator]().return?.();
    origin.last.reset();
    await later();
    expect([pooled.pool.counts.connections, flushLoggedErrors()]).toEqual([0, []]);
  });

  it.each(['break', 'throw', 'return'])('is left by %s in a loop', async (how) => {
    const { pooled, origin, answer } = asked(`${HEAD}abc`);
    const read = async (): Promise<string> => {
      for await (const piece of answer) {
        if (how === 'break') break;
        if (how === 'throw') throw new Error('enough');
        return piece.toString();
      }
      return 'broken';
    };
    const result = read().catch(({ message }: Error) => message);
    expect(await result).toBe({ break: 'broken', throw: 'enough', return: 'abc' }[how]);
    origin.last.answer('defghij');
    expect(pooled.pool.counts.idle).toBe(1);
  });

  it('that is left gives its connection up if much follows', async () => {
    const { pooled, origin, answer } = asked(HEAD.replace('10', '1000000'));
    await answer[Symbol.asyncIterator]().return?.();
    origin.last.answer('x'.repeat(60_000));
    expect(pooled.pool.counts.connections).toBe(1);
    origin.last.answer('x'.repeat(10_000));
    expect(pooled.pool.counts.connections).toBe(0);
  });

  it('of a stream of the Web is left when the stream is cancelled', async () => {
    const { pooled, origin, answer } = asked();
    const reader = answer.stream().getReader();
    const read = reader.read();
    await reader.cancel();
    expect((await read).done).toBe(true);
    origin.last.answer('abcdefghij');
    expect(pooled.pool.counts.idle).toBe(1);
  });
});

describe('the times of content', () => {
  it.each(['discarded', 'left'])(
    'bound the rest of content that was %s, however slowly it comes',
    async (how) => {
      const { pooled, origin, answer } = asked(HEAD, { bodyIdleTimeoutMs: 2_000 });
      if (how === 'discarded') answer.discard();
      else await answer[Symbol.asyncIterator]().return?.();
      for (let n = 0; n < 5; n++) {
        pooled.advance(500);
        if (pooled.pool.counts.connections > 0) origin.last.answer('x');
      }
      expect([pooled.pool.counts.connections, flushLoggedErrors()]).toEqual([0, []]);
    },
  );

  it('do not bound the next response of a connection whose content was dropped', async () => {
    const { pooled, origin, answer } = asked(`${HEAD}abcdefghij`, { bodyIdleTimeoutMs: 2_000 });
    answer.discard();
    const second = asked(HEAD, { bodyIdleTimeoutMs: 2_000 }, pooled).answer.text();
    expect(origin.connections).toHaveLength(1);
    for (let n = 0; n < 10; n++) {
      pooled.advance(1_000);
      origin.last.answer('x');
    }
    expect(successResultOf(second)).toBe('xxxxxxxxxx');
  });

  it('begin when content is asked for, not when it was received', async () => {
    const { pooled, origin, answer } = asked(HEAD, { bodyIdleTimeoutMs: 4_000 });
    pooled.advance(3_500);
    const text = answer.text();
    pooled.advance(3_500);
    origin.last.answer('abcdefghij');
    expect(successResultOf(text)).toBe('abcdefghij');
  });

  it.each([
    ['that has not arrived', HEAD],
    ['that has arrived', `${HEAD}abcdefghij`],
    [
      'of another protocol',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    ],
  ])('bound content %s and that nobody reads', (_which, text) => {
    const request = text.includes(' 101 ') ? { upgrade: 'x' } : {};
    const { pooled, origin, answer } = asked(text, { ...request, unreadTimeoutMs: 5_000 });
    pooled.advance(4_000);
    expect(pooled.pool.counts).toMatchObject({ connections: 1, idle: 0 });
    pooled.advance(3_000);
    origin.last.transport.settle();
    expect(pooled.pool.counts.connections).toBe(0);
    if (text.includes(' 101 ')) return;
    const error = failureResultOf(answer.text());
    expect(error).toBeInstanceOf(HTTPResponseTimeoutError);
    expect(error).toMatchObject({ option: 'unreadTimeoutMs', limit: 5_000 });
  });

  it('bound a reader that stops while more is received', async () => {
    const { pooled, origin, answer } = asked(HEAD.replace('10', '1000000'), {
      unreadTimeoutMs: 5_000,
    });
    const iterator = answer[Symbol.asyncIterator]();
    const next = iterator.next();
    origin.last.answer('a');
    await next;
    for (let n = 0; n < 7 && origin.last.transport.peerSees === 'open'; n++) {
      origin.last.answer('x');
      pooled.advance(1_000);
    }
    origin.last.transport.settle();
    expect(pooled.pool.counts.connections).toBe(0);
  });

  it('bound a reader that stops, by default to five minutes', async () => {
    const { pooled, origin, answer } = asked(HEAD.replace('10', '1000000'));
    const iterator = answer[Symbol.asyncIterator]();
    const next = iterator.next();
    origin.last.answer('x'.repeat(100_000));
    await next;
    pooled.advance(290_000);
    expect((await iterator.next()).done).toBe(false);
    pooled.advance(299_000);
    expect(pooled.pool.counts.connections).toBe(1);
    pooled.advance(4_000);
    origin.last.transport.settle();
    expect(pooled.pool.counts.connections).toBe(0);
    await expect(iterator.next()).rejects.toMatchObject({ option: 'unreadTimeoutMs' });
  });
});

describe('the iterator of the content of a request', () => {
  /** Gives `count` pieces and then waits for ever. */
  class Pieces implements AsyncIterable<string> {
    returned = 0;
    asked = 0;
    readonly #count: number;
    readonly #fails: boolean;
    constructor(count: number, fails = false) {
      this.#count = count;
      this.#fails = fails;
    }
    [Symbol.asyncIterator](): AsyncIterator<string> {
      return {
        next: () => {
          this.asked += 1;
          if (this.asked <= this.#count) return Promise.resolve({ done: false, value: 'piece' });
          return this.#fails ? Promise.reject(new Error('no piece')) : new Promise(() => {});
        },
        return: async () => {
          this.returned += 1;
          return { done: true, value: undefined };
        },
      };
    }
  }
  const post = (content: Pieces, more: HTTPClientRequest = {}): HTTPClientRequest => ({
    method: 'POST',
    content,
    ...more,
  });

  it.each([
    [
      'the server answers completely',
      (origin: MemoryOrigin) => void origin.last.answer(response('no')),
    ],
    ['the connection is lost', (origin: MemoryOrigin) => origin.last.reset()],
  ])('is left at once, while it is waited for, when %s', async (_what, act) => {
    const { pool, origin } = new Pooled();
    const pieces = new Pieces(2);
    const called = pool.request(origin, post(pieces)).addCallbacks(
      (answer) => answer.text(),
      () => 'failed',
    );
    await later();
    expect([pieces.asked, pieces.returned]).toEqual([3, 0]);
    act(origin);
    await later();
    expect(pieces.returned).toBe(1);
    expect(['no', 'failed']).toContain(successResultOf(called));
    expect(flushLoggedErrors()).toEqual([]);
  });

  it('is left when the caller cancels, and when the time is over', async () => {
    const pooled = new Pooled();
    const { pool, origin } = pooled;
    const both = [new Pieces(1), new Pieces(1)] as const;
    const cancelled = pool.request(origin, post(both[0]));
    const late = pool.request(origin, post(both[1], { totalTimeoutMs: 1_000 }));
    await later();
    cancelled.cancel();
    pooled.advance(2_000);
    await later();
    expect(both.map(({ returned }) => returned)).toEqual([1, 1]);
    expect(failureResultOf(cancelled)).toMatchObject({ code: 'ERR_CANCELLED' });
    expect(failureResultOf(late)).toMatchObject({ option: 'totalTimeoutMs' });
  });

  it('is left if none of it is sent: no connection, or another answer than permission', async () => {
    const { pool, origin } = new Pooled();
    const unpermitted = new Pieces(1);
    const called = pool.request(origin, post(unpermitted, { continueTimeoutMs: 5_000 }));
    origin.last.answer('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\n');
    await later();
    expect([unpermitted.asked, unpermitted.returned]).toEqual([0, 1]);
    successResultOf(called).discard();
    origin.isAutomatic = false;
    const unconnected = new Pieces(1);
    const refused = pool.request(origin, post(unconnected));
    origin.refuse(new Error('refused'));
    await later();
    expect([unconnected.asked, unconnected.returned]).toEqual([0, 1]);
    expect(failureResultOf(refused)).toMatchObject({ message: 'refused' });
  });

  it.each([
    ['the connection is refused', 'refuse'],
    ['the pool is full', 'full'],
    ['the server does not permit it', '417'],
    ['the request is cancelled in the queue', 'cancel'],
    ['a piece is waited for', 'blocked'],
  ])('of a stream of Node is left, and its file closed, if %s', async (_what, how) => {
    const { pool, origin } = new Pooled({ maxConnectionsPerOrigin: 1, maxQueuedRequests: 1 });
    const waiting = how === 'blocked' ? new Readable({ read() {} }) : undefined;
    const streams = waiting === undefined ? [openStream(), Readable.from(['a'])] : [waiting];
    for (const content of streams) {
      origin.isAutomatic = how === '417' || how === 'blocked';
      const closed = once(content, 'close');
      if (how === 'full') for (let n = 0; n < 2; n++) pool.request(origin).addErrback(() => {});
      const called = pool.request(origin, {
        method: 'POST',
        content,
        ...(how === '417' ? { continueTimeoutMs: 5_000 } : {}),
      });
      await later();
      if (how === 'refuse') origin.refuse(new Error('refused'));
      else if (how === '417') {
        origin.last.answer('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n');
        successResultOf(called).discard();
      } else if (how !== 'full') called.cancel();
      if (how !== '417') expect(failureResultOf(called)).toBeInstanceOf(Error);
      await within(closed, 'the end of the stream');
      expect(content.destroyed).toBe(true);
    }
    expect(flushLoggedErrors()).toEqual([]);
  });

  it('is not left if it has failed or ended', async () => {
    const { pool, origin } = new Pooled();
    const failing = new Pieces(1, true);
    const called = pool.request(origin, post(failing));
    await later();
    expect(failureResultOf(called)).toMatchObject({ message: 'no piece' });
    expect(failing.returned).toBe(0);
    let ended = '';
    const whole = pool.request(origin, {
      method: 'POST',
      content: (async function* () {
        try {
          yield 'a';
          ended = 'whole';
        } finally {
          ended ||= 'left';
        }
      })(),
    });
    await later();
    origin.last.answer(response('ok'));
    expect([successResultOf(successResultOf(whole).text()), ended]).toEqual(['ok', 'whole']);
  });

  it('is reported if it cannot be left', async () => {
    const { pool, origin } = new Pooled();
    const content: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: () => Promise.reject(new Error('stuck')),
      }),
    };
    const called = pool.request(origin, { method: 'POST', content });
    await later();
    called.cancel();
    await later();
    expect(flushLoggedErrors()).toMatchObject([
      { error: { message: 'stuck' }, where: 'the content of an HTTP request' },
    ]);
    expect(failureResultOf(called)).toMatchObject({ code: 'ERR_CANCELLED' });
  });
});
