/** Cases of the clock contract: calls that are cancelled and moved. */
import assert from 'node:assert/strict';

import type { DelayedCall } from '../../../core/clock.js';
import { AlreadyCalledError, AlreadyCancelledError } from '../../../core/errors/reactor.js';
import { type AddCase, inOrderOfTime, MINUTE_MS } from './clock-stage.js';

const CHANGES = ['cancel', 'reset', 'delay'] as const;

export function addCancelCases(add: AddCase): void {
  add('does not run a cancelled call', async ({ clock, advance }) => {
    let called = false;
    const call = clock.callLater(0, () => {
      called = true;
    });
    assert.equal(call.active(), true);
    call.cancel();
    assert.equal(call.active(), false);
    await advance(1);
    assert.equal(called, false);
  });

  add('lets a call cancel another that is due at the same time', async ({ clock, advance }) => {
    const order: string[] = [];
    clock.callLater(0, () => {
      order.push('first');
      second.cancel();
    });
    const second = clock.callLater(0, () => void order.push('second'));
    clock.callLater(0, () => void order.push('third'));
    await advance(1);
    assert.deepEqual(order, ['first', 'third']);
  });

  for (const change of CHANGES) {
    add(`throws from ${change} after the call ran`, async ({ clock, advance }) => {
      const call = clock.callLater(0, () => {});
      await advance(1);
      assert.equal(call.active(), false);
      assert.throws(() => call[change](1), AlreadyCalledError);
    });

    add(`throws from ${change} after cancel`, ({ clock }) => {
      const call = clock.callLater(0, () => {});
      call.cancel();
      assert.throws(() => call[change](1), AlreadyCancelledError);
    });
  }

  add('a call is not active within its own callback', async ({ clock, advance }) => {
    let active: boolean | undefined;
    const call: DelayedCall = clock.callLater(0, () => {
      active = call.active();
      assert.throws(() => call.cancel(), AlreadyCalledError);
    });
    await advance(1);
    assert.equal(active, false);
  });
}

export function addMoveCases(add: AddCase): void {
  add('reset and delay move a call to a later time', async ({ clock, advance }) => {
    const order: DelayedCall[] = [];
    const reset: DelayedCall = clock.callLater(1, () => void order.push(reset));
    const delayed: DelayedCall = clock.callLater(1, () => void order.push(delayed));
    const still: DelayedCall = clock.callLater(4, () => void order.push(still));
    const [from, due] = [clock.now(), delayed.getTime()];
    reset.reset(12);
    delayed.delay(7);
    assert(reset.getTime() >= from + 12, 'reset to 12 ms from now');
    assert(delayed.getTime() >= due + 6.9, 'delayed by 7 ms');
    const expected = inOrderOfTime([still, delayed, reset]);
    await advance(16);
    assert.deepEqual(order, expected);
  });

  add('reset and a negative delay move a call to an earlier time', async ({ clock, advance }) => {
    const order: DelayedCall[] = [];
    const reset: DelayedCall = clock.callLater(MINUTE_MS, () => void order.push(reset));
    const delayed: DelayedCall = clock.callLater(MINUTE_MS, () => void order.push(delayed));
    delayed.delay(3 - MINUTE_MS);
    reset.reset(1);
    const expected = inOrderOfTime([reset, delayed]);
    await advance(9);
    assert.deepEqual(order, expected);
  });

  add('treats a time that a delay moves into the past as now', async ({ clock, advance }) => {
    let called = false;
    const call = clock.callLater(MINUTE_MS, () => {
      called = true;
    });
    call.delay(-2 * MINUTE_MS);
    assert.equal(called, false);
    await advance(1);
    assert.equal(called, true);
  });
}

export function addRandomCase(add: AddCase): void {
  add('keeps the order of 2,000 random delays, cancellations and moves', async (scene) => {
    const { clock, advance } = scene;
    const fired: number[] = [];
    const times: number[] = [];
    const expected = new Set<number>();
    let state = 42;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    const calls = Array.from({ length: 2000 }, (_, i) => {
      expected.add(i);
      const call: DelayedCall = clock.callLater(random(40), () => {
        times.push(call.getTime());
        fired.push(i);
      });
      return call;
    });
    for (const [i, call] of calls.entries()) {
      const what = random(4);
      if (what === 0) {
        call.cancel();
        expected.delete(i);
      } else if (what === 1) call.reset(random(60));
      else if (what === 2) call.delay(random(30) - 15);
    }
    await advance(80);
    assert.deepEqual(new Set(fired), expected);
    assert.equal(fired.length, expected.size, 'calls, each once');
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
  });
}
