import { AsyncLocalStorage } from 'node:async_hooks';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.js';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import { MIN_GRANT_BYTES, type Rate, TokenBucket } from '../../src/policies/token-bucket.js';
import { TokenClaim } from '../../src/policies/token-claim.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

describe('TokenBucket', () => {
  it('is full at the beginning and holds the tokens of a second by default', () => {
    const clock = new ManualClock();
    expect(new TokenBucket({ clock, bytesPerSecond: 100 }).take(1_000)).toBe(100);
    const bucket = new TokenBucket({ clock, bytesPerSecond: 100, burstBytes: 7 });
    expect(bucket.availableBytes).toBe(7);
    expect(bucket.take(5)).toBe(5);
    expect(bucket.take(5)).toBe(2);
    expect(bucket.take(5)).toBe(0);
  });

  it('fills over time, up to its size', () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket({ clock, bytesPerSecond: 100, burstBytes: 50 });
    bucket.take(50);
    clock.advance(9);
    expect(bucket.take(50)).toBe(0);
    clock.advance(1);
    expect(bucket.take(50)).toBe(1);
    clock.advance(1_000_000);
    expect(bucket.take(100)).toBe(50);
  });

  it('grants only tokens that every bucket above also has', () => {
    const clock = new ManualClock();
    const top = new TokenBucket({ clock, bytesPerSecond: 100, burstBytes: 30 });
    const parent = new TokenBucket({ clock, bytesPerSecond: 1_000, parent: top });
    const one = new TokenBucket({ clock, bytesPerSecond: 1_000, burstBytes: 20, parent });
    const other = new TokenBucket({ clock, bytesPerSecond: 1_000, parent });
    expect(one.take(100)).toBe(20);
    expect(other.take(100)).toBe(10);
    expect([one, other, parent, top].map((bucket) => bucket.availableBytes)).toEqual([0, 0, 0, 0]);
    clock.advance(1_000);
    expect(other.take(100)).toBe(30);
  });

  it('refuses invalid rates, clocks and parents', () => {
    const clock = new ManualClock();
    for (const bytes of [0, -1, 0.5, Number.NaN, Infinity]) {
      expect(() => new TokenBucket({ clock, bytesPerSecond: bytes })).toThrow(
        InvalidArgumentValueError,
      );
      expect(() => new TokenBucket({ clock, bytesPerSecond: 1, burstBytes: bytes })).toThrow(
        InvalidArgumentValueError,
      );
    }
    for (const noClock of [undefined, null, {}, performance]) {
      const options = { clock: noClock as never, bytesPerSecond: 1 };
      expect(() => new TokenBucket(options)).toThrow(InvalidArgumentTypeError);
    }
    const wrong = { clock, bytesPerSecond: 1, parent: {} as TokenBucket };
    expect(() => new TokenBucket(wrong)).toThrow(InvalidArgumentTypeError);
    const bucket = new TokenBucket({ clock, bytesPerSecond: 1 });
    expect(() => bucket.take(-1)).toThrow(InvalidArgumentValueError);
    expect(() => bucket.take(0.5)).toThrow(InvalidArgumentValueError);
    expect(() => bucket.take('1' as never)).toThrow(InvalidArgumentTypeError);
  });

  it('grants as much as a model that fills millisecond by millisecond', () => {
    // Eighths of a byte a millisecond: the model's sums are exact.
    const rate = fc.record({
      bytesPerSecond: fc.integer({ min: 1, max: 400 }).map((n) => n * 125),
      burstBytes: fc.integer({ min: 1, max: 5_000 }),
    });
    const step = fc.record({
      advanceMs: fc.nat(200),
      bucket: fc.nat(3),
      bytes: fc.nat(3_000),
    });
    const property = fc.property(
      fc.array(rate, { minLength: 4, maxLength: 4 }),
      fc.array(step, { maxLength: 50 }),
      (rates, steps) => {
        const clock = new ManualClock();
        const model = new Model(rates as Required<Rate>[]);
        // 1 and 2 are below 0, 3 is below 2.
        const buckets: TokenBucket[] = [];
        for (const [index, options] of rates.entries()) {
          const parent = buckets[Model.parents[index] ?? -1];
          buckets.push(new TokenBucket({ clock, ...options, ...(parent && { parent }) }));
        }
        for (const { advanceMs, bucket, bytes } of steps) {
          clock.advance(advanceMs);
          model.advance(advanceMs);
          expect(buckets[bucket]?.take(bytes)).toBe(model.take(bucket, bytes));
        }
      },
    );
    fc.assert(property, { numRuns: 300 });
  });
});

describe('TokenClaim', () => {
  it('is granted available tokens immediately and the rest in time', () => {
    const { clock, claim, grants } = claims({ bytesPerSecond: 10_000, burstBytes: 5_000 });
    expect(claim().want(6_000)).toBe(5_000);
    expect(grants).toEqual([]);
    clock.advance(99);
    expect(grants).toEqual([]);
    clock.advance(1);
    expect(grants).toEqual([{ claim: 0, bytes: 1_000, at: 100 }]);
    expect(clock.getDelayedCalls()).toHaveLength(0);
  });

  it('is not granted tiny amounts', () => {
    const { clock, claim, grants } = claims({ bytesPerSecond: 1_000, burstBytes: 100_000 });
    const one = claim();
    one.want(110_000);
    clock.advance(4_095);
    expect(grants).toEqual([]);
    clock.advance(1);
    expect(grants).toEqual([{ claim: 0, bytes: MIN_GRANT_BYTES, at: 4_096 }]);
  });

  it('is granted tiny amounts if the bucket holds no more', () => {
    const { clock, claim, grants } = claims({ bytesPerSecond: 1_000, burstBytes: 3 });
    claim().want(9);
    clock.advance(100);
    expect(grants.map(({ at }) => at)).toEqual([3, 6]);
  });

  it('waits behind earlier claims', () => {
    const { clock, claim, grants } = claims({ bytesPerSecond: 1_000, burstBytes: 1_000 });
    const [first, second] = [claim(), claim()];
    first.want(2_000);
    clock.advance(500);
    expect(second.want(100)).toBe(0);
    clock.advance(5_000);
    expect(grants.map((grant) => grant.claim)).toEqual([0, 1]);
  });

  it('shares tokens evenly among the waiting claims', () => {
    const { clock, claim, grants } = claims({ bytesPerSecond: 1_000_000, burstBytes: 100_000 });
    const all = Array.from({ length: 10 }, claim);
    for (const one of all) one.want(10_000_000);
    clock.advance(5_000);
    const bytes = all.map((_, index) =>
      grants.reduce((sum, grant) => sum + (grant.claim === index ? grant.bytes : 0), 0),
    );
    const total = bytes.reduce((sum, one) => sum + one);
    expect(total).toBeLessThanOrEqual(5_000_000);
    expect(total).toBeGreaterThan(4_990_000);
    expect(Math.max(...bytes) - Math.min(...bytes)).toBeLessThan(20_000);
  });

  it('shares the tokens that accumulated because the clock was late', () => {
    const { clock, claim, grants } = claims({ bytesPerSecond: 1_000_000, burstBytes: 100_000 });
    claim().want(100_000);
    const all = Array.from({ length: 10 }, claim);
    for (const one of all) one.want(10_000_000);
    clock.getDelayedCalls()[0]?.delay(1_000);
    clock.advance(1_005);
    expect(grants.slice(0, 10).map(({ bytes }) => bytes)).toEqual(new Array(10).fill(10_000));
    for (const one of all) one.cancel();
  });

  it('waits below first, then above', () => {
    const clock = new ManualClock();
    const parent = new TokenBucket({ clock, bytesPerSecond: 1_000, burstBytes: 1_000 });
    const slow = new TokenBucket({ clock, bytesPerSecond: 100, burstBytes: 100, parent });
    const grants: string[] = [];
    const claim = (bucket: TokenBucket, name: string): TokenClaim =>
      claimOn(bucket, (bytes) => grants.push(`${name} ${bytes} ${clock.now()}`));
    const limited = claim(slow, 'limited');
    expect(limited.want(200)).toBe(100);
    expect([slow.waiting, parent.waiting]).toEqual([1, 0]);
    const free = claim(parent, 'free');
    expect(free.want(2_900)).toBe(0);
    clock.advance(999);
    expect(grants).toEqual(['free 1000 100']);
    expect([slow.waiting, parent.waiting]).toEqual([1, 1]);
    clock.advance(1);
    expect([slow.waiting, parent.waiting]).toEqual([0, 2]);
    clock.advance(2_000);
    expect(grants.slice(1)).toEqual(['free 1000 1100', 'limited 100 1200', 'free 900 2100']);
  });

  it('claims nothing and leaves no timer once it is cancelled', () => {
    const { clock, claim, grants } = claims({ bytesPerSecond: 1_000, burstBytes: 10 });
    const [one, other] = [claim(), claim()];
    one.want(1_000);
    other.want(5);
    one.cancel();
    expect(one.wanted).toBe(0);
    clock.advance(100);
    expect(grants.map((grant) => grant.claim)).toEqual([1]);
    expect(clock.getDelayedCalls()).toHaveLength(0);
    one.want(1_000);
    one.cancel();
    one.cancel();
    expect(clock.getDelayedCalls()).toHaveLength(0);
  });

  it('is served after the reactor was stopped, once another claim waits', () => {
    const { clock, claim, grants } = claims({ bytesPerSecond: 1_000, burstBytes: 10 });
    const [cancelled, one, other] = [claim(), claim(), claim()];
    cancelled.want(15);
    one.want(5);
    clock.dropCalls();
    cancelled.cancel();
    clock.advance(1_000);
    expect(grants).toEqual([]);
    other.want(5);
    clock.advance(1_000);
    expect(grants.map((grant) => grant.claim)).toEqual([1, 2]);
  });

  it('may claim more or be cancelled within a grant', () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket({ clock, bytesPerSecond: 1_000, burstBytes: 10 });
    const log: string[] = [];
    const two = claimOn(bucket, () => log.push('two'));
    const one = claimOn(bucket, () => {
      log.push('one');
      two.cancel();
      if (log.length < 3) one.want(10);
    });
    one.want(20);
    two.want(20);
    clock.advance(1_000);
    expect(log).toEqual(['one', 'one', 'one']);
  });

  it('reports the error of a grant, and serves the others', () => {
    using errors = captureLoggedErrors();
    const clock = new ManualClock();
    const bucket = new TokenBucket({ clock, bytesPerSecond: 1_000, burstBytes: 10 });
    let served = 0;
    const throws = claimOn(bucket, () => {
      throw new RangeError('thrown');
    });
    throws.want(20);
    claimOn(bucket, (bytes) => {
      served += bytes;
    }).want(10);
    clock.advance(1_000);
    expect(served).toBe(10);
    expect(errors.flush().map(({ where }) => where)).toEqual(['traffic shaping']);
  });

  it('waits in the root context', () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const clock = new ManualClock();
    const noting: Clock = {
      now: () => clock.now(),
      callLater(delayMs, callback, ...args) {
        seen.push(storage.getStore());
        return clock.callLater(delayMs, callback, ...args);
      },
      getDelayedCalls: () => clock.getDelayedCalls(),
    };
    const bucket = new TokenBucket({ clock: noting, bytesPerSecond: 1 });
    storage.run('a connection', () => claimOn(bucket, () => {}).want(10));
    expect(seen).toEqual([undefined]);
  });

  it('never lets more pass than the buckets allow, and all of it in the end', () => {
    const rate = fc.record({
      bytesPerSecond: fc.integer({ min: 100, max: 100_000 }),
      burstBytes: fc.integer({ min: 1, max: 20_000 }),
    });
    const step = fc.record({
      claim: fc.nat(5),
      bytes: fc.integer({ min: 1, max: 10_000 }),
      advanceMs: fc.nat(300),
      cancel: fc.boolean(),
    });
    const property = fc.property(rate, rate, fc.array(step, { maxLength: 40 }), (a, b, steps) => {
      const clock = new ManualClock();
      const top = new TokenBucket({ clock, ...a });
      const middle = new TokenBucket({ clock, ...b, parent: top });
      let passed = 0;
      let wanted = 0;
      const all = [top, middle, middle, top, middle, top].map((bucket) =>
        claimOn(bucket, (bytes) => {
          passed += bytes;
        }),
      );
      const check = (): void => {
        const most = a.burstBytes + (a.bytesPerSecond * clock.now()) / 1_000;
        expect(passed).toBeLessThanOrEqual(most + 1e-6);
        const waiting = all.reduce((sum, one) => sum + one.wanted, 0);
        expect(passed + waiting).toBe(wanted);
        expect(clock.getDelayedCalls().length).toBe(
          [top, middle].filter((bucket) => bucket.waiting > 0).length,
        );
      };
      for (const { claim, bytes, advanceMs, cancel } of steps) {
        const one = all[claim] as TokenClaim;
        if (cancel) {
          wanted -= one.wanted;
          one.cancel();
        } else {
          wanted += bytes;
          passed += one.want(bytes);
        }
        check();
        clock.advance(advanceMs);
        check();
      }
      clock.advance(20_000_000);
      expect(passed).toBe(wanted);
      expect(clock.getDelayedCalls()).toHaveLength(0);
    });
    fc.assert(property, { numRuns: 150 });
  });
});

function claimOn(bucket: TokenBucket, granted: (bytes: number) => void): TokenClaim {
  return new TokenClaim(bucket, { granted });
}

interface Grant {
  readonly claim: number;
  readonly bytes: number;
  readonly at: number;
}

/** Claims on one bucket, numbered as they are made, and what they were granted. */
function claims(rate: Rate): { clock: ManualClock; claim: () => TokenClaim; grants: Grant[] } {
  const clock = new ManualClock();
  const bucket = new TokenBucket({ clock, ...rate });
  const grants: Grant[] = [];
  let made = 0;
  const claim = (): TokenClaim => {
    const number = made++;
    return claimOn(bucket, (bytes) => {
      grants.push({ claim: number, bytes, at: clock.now() });
    });
  };
  return { clock, claim, grants };
}

/** Four buckets that are filled each millisecond. */
class Model {
  static readonly parents: readonly (number | undefined)[] = [undefined, 0, 0, 2];
  readonly #rates: readonly Required<Rate>[];
  readonly #levels: number[];

  constructor(rates: readonly Required<Rate>[]) {
    this.#rates = rates;
    this.#levels = rates.map(({ burstBytes }) => burstBytes);
  }

  advance(ms: number): void {
    for (let i = 0; i < ms; i++) {
      for (const [index, { bytesPerSecond, burstBytes }] of this.#rates.entries()) {
        const level = (this.#levels[index] ?? 0) + bytesPerSecond / 1_000;
        this.#levels[index] = Math.min(burstBytes, level);
      }
    }
  }

  take(bucket: number, bytes: number): number {
    const path: number[] = [];
    for (let at: number | undefined = bucket; at !== undefined; at = Model.parents[at]) {
      path.push(at);
    }
    const taken = Math.min(bytes, ...path.map((at) => Math.floor(this.#levels[at] ?? 0)));
    for (const at of path) this.#levels[at] = (this.#levels[at] ?? 0) - taken;
    return taken;
  }
}
