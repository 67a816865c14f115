import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import type { Deferred } from '../../src/defer/deferred.js';
import {
  CancelledError,
  QueueClosedError,
  QueueOverflowError,
  QueueUnderflowError,
} from '../../src/defer/errors.js';
import { Failure } from '../../src/defer/failure.js';
import { DeferredQueue } from '../../src/defer/queue.js';
import { fail } from '../../src/defer/succeed.js';
import { outcomeOf } from './outcome.js';

describe('DeferredQueue', () => {
  it('gives values in the order they were put', () => {
    const queue = new DeferredQueue<string>();
    for (const value of 'abc') queue.put(value);
    expect(queue.pending).toBe(3);
    expect([1, 2, 3].map(() => outcomeOf(queue.get()).value).join('')).toBe('abc');
  });

  it('gives values to takers in the order they asked', () => {
    const queue = new DeferredQueue<string>();
    const takers = [1, 2, 3].map(() => outcomeOf(queue.get()));
    expect(queue.waiting).toBe(3);
    for (const value of 'abc') queue.put(value);
    expect(takers.map(({ value }) => value).join('')).toBe('abc');
  });

  it('refuses a value too many', () => {
    const queue = new DeferredQueue<number>({ size: 1 });
    queue.put(1);
    expect(() => queue.put(2)).toThrow(QueueOverflowError);
    expect(queue.pending).toBe(1);
    queue.get();
    queue.get();
    queue.put(3); // to the one who waits
    queue.put(4);
    expect(queue.pending).toBe(1);
  });

  it('refuses a taker too many', () => {
    const queue = new DeferredQueue<number>({ backlog: 1 });
    queue.get();
    expect(() => queue.get()).toThrow(QueueUnderflowError);
    expect(queue.waiting).toBe(1);
  });

  it('keeps nothing with size 0, and nobody waiting with backlog 0', () => {
    expect(() => new DeferredQueue({ size: 0 }).put(1)).toThrow(QueueOverflowError);
    expect(() => new DeferredQueue({ backlog: 0 }).get()).toThrow(QueueUnderflowError);
  });

  it.each(['size', 'backlog'])('refuses an impossible %s', (option) => {
    expect(() => new DeferredQueue({ [option]: -1 })).toThrow(InvalidArgumentValueError);
    expect(() => new DeferredQueue({ [option]: '1' })).toThrow(InvalidArgumentTypeError);
  });

  it('forgets a taker that is cancelled', () => {
    const queue = new DeferredQueue<string>({ backlog: 2 });
    const [gone, stays] = [queue.get(), queue.get()];
    gone.cancel();
    queue.put('value');
    expect(outcomeOf(gone).value).toBeInstanceOf(CancelledError);
    expect(outcomeOf(stays).value).toBe('value');
  });

  it('behaves as an array of values and one of takers do', () => {
    const operation = fc.oneof(
      fc.constant('put' as const),
      fc.constant('get' as const),
      fc.nat({ max: 20 }),
    );
    const limit = fc.integer({ min: 0, max: 3 });
    fc.assert(
      fc.property(limit, limit, fc.array(operation), (size, backlog, operations) => {
        const queue = new DeferredQueue<number>({ size, backlog });
        const gets: Deferred<unknown>[] = [];
        const got: [number, number][] = [];
        const model = { values: [] as number[], takers: [] as number[], got: [] as typeof got };
        for (const [value, act] of operations.entries()) {
          if (act === 'put') {
            const taker = model.takers.shift();
            if (taker !== undefined) model.got.push([taker, value]);
            else if (model.values.length < size) model.values.push(value);
            else {
              expect(() => queue.put(value)).toThrow(QueueOverflowError);
              continue;
            }
            queue.put(value);
          } else if (act === 'get') {
            const id = gets.length;
            const ready = model.values.shift();
            if (ready !== undefined) model.got.push([id, ready]);
            else if (model.takers.length < backlog) model.takers.push(id);
            else {
              expect(() => queue.get()).toThrow(QueueUnderflowError);
              continue;
            }
            gets.push(
              queue.get().addCallbacks(
                (given) => void got.push([id, given]),
                () => {},
              ),
            );
          } else {
            gets[act]?.cancel();
            model.takers = model.takers.filter((taker) => taker !== act);
          }
          expect(got).toEqual(model.got);
          expect([queue.pending, queue.waiting]).toEqual([
            model.values.length,
            model.takers.length,
          ]);
        }
      }),
    );
  });

  describe('close', () => {
    it('fails those who wait', () => {
      const queue = new DeferredQueue<number>();
      const takers = [queue.get(), queue.get()].map(outcomeOf);
      queue.close();
      for (const { value } of takers) expect(value).toBeInstanceOf(QueueClosedError);
      expect(queue.closed).toBe(true);
    });

    it('leaves the values that are there to be taken, and takes no more', () => {
      const queue = new DeferredQueue<number>();
      queue.put(1);
      queue.close();
      expect(() => queue.put(2)).toThrow(QueueClosedError);
      expect(outcomeOf(queue.get()).value).toBe(1);
      expect(outcomeOf(queue.get()).value).toBeInstanceOf(QueueClosedError);
      queue.close(); // twice is once
    });
  });

  describe('iterated over', () => {
    it('gives the values until it is closed', async () => {
      const queue = new DeferredQueue<number>();
      queue.put(1);
      const seen: number[] = [];
      for await (const value of queue) {
        seen.push(value);
        if (value === 1) queueMicrotask(() => queue.put(2));
        else queue.close();
      }
      expect(seen).toEqual([1, 2]);
    });

    it('ends when it is closed while it waits', async () => {
      const queue = new DeferredQueue<number>();
      const next = queue[Symbol.asyncIterator]().next();
      queue.close();
      expect(await next).toEqual({ done: true, value: undefined });
    });

    it('ends when the signal aborts while it waits, and loses no value', async () => {
      const queue = new DeferredQueue<number>();
      const controller = new AbortController();
      const values = queue.values({ signal: controller.signal });
      const next = values.next();
      controller.abort();
      queue.put(1);
      expect(await next).toEqual({ done: true, value: undefined });
      expect(queue.pending).toBe(1);
    });

    it('gives the value that came before the signal', async () => {
      const queue = new DeferredQueue<number>();
      const controller = new AbortController();
      const values = queue.values({ signal: controller.signal });
      const next = values.next();
      queue.put(1);
      controller.abort();
      expect(await next).toEqual({ done: false, value: 1 });
      expect(await values.next()).toEqual({ done: true, value: undefined });
    });

    it('throws what a value failed with', async () => {
      const queue = new DeferredQueue<unknown>();
      const controller = new AbortController();
      const values = queue.values({ signal: controller.signal });
      const error = new Error('no');
      queue.put(new Failure(error));
      await expect(values.next()).rejects.toBe(error);
      const cancelled = new CancelledError('by itself');
      queue.put(fail(cancelled));
      await expect(queue.values({ signal: controller.signal }).next()).rejects.toBe(cancelled);
    });

    it('throws QueueUnderflowError where no more may wait', async () => {
      const queue = new DeferredQueue<number>({ backlog: 0 });
      await expect(queue.values().next()).rejects.toBeInstanceOf(QueueUnderflowError);
    });
  });
});
