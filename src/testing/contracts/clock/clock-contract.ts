/** The contract that every {@link Clock} keeps, as cases over fresh clocks. */
import assert from 'node:assert/strict';

import type { DelayedCall } from '../../../core/clock.js';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../../core/errors/arguments.js';
import { checkFunction } from '../../../internal/check.js';
import type { ContractCase } from '../contract-case.js';
import { addCancelCases, addMoveCases, addRandomCase } from './changes.js';
import {
  type AddCase,
  inOrderOfTime,
  type MakeClock,
  MINUTE_MS,
  runOnClock,
} from './clock-stage.js';
import { addDroppingCases } from './dropping.js';

/**
 * The rules of clocks: when delayed calls run, in which order, how they are moved, cancelled and dropped, and invalid arguments.
 *
 * @param makeClock Called once by each case.
 * @throws InvalidArgumentTypeError
 * @example
 * const makeClock = () => {
 *   const clock = new ManualClock();
 *   return { clock, advance: (ms: number) => clock.advance(ms), drop: () => clock.dropCalls() };
 * };
 * for (const { name, run } of clockContract(makeClock)) it(name, run);
 */
export function clockContract(makeClock: MakeClock): ContractCase[] {
  checkFunction('makeClock', makeClock);
  const cases: ContractCase[] = [];
  const add: AddCase = (name, body) => {
    cases.push({ name, run: () => runOnClock(makeClock, body) });
  };
  addTimeCases(add);
  addOrderCases(add);
  addCancelCases(add);
  addMoveCases(add);
  addRandomCase(add);
  addDroppingCases(add);
  addRefusalCases(add);
  return cases;
}

function addTimeCases(add: AddCase): void {
  add('calls back once, with the arguments, after callLater has returned', async (scene) => {
    const calls: unknown[][] = [];
    scene.clock.callLater(0, (...args: [number, string]) => void calls.push(args), 7, 'seven');
    assert.deepEqual(calls, []);
    await scene.advance(1);
    await scene.advance(1);
    assert.deepEqual(calls, [[7, 'seven']]);
  });

  add('never calls before its time by now()', async ({ clock, advance }) => {
    const early: string[] = [];
    const delays = [0, 0.25, 0.5, 0.9, 1, 1.1, 1.9, 2.5, 3.3, 7.7, 10.01, 15.99];
    let left = delays.length;
    for (const ms of delays) {
      const from = clock.now();
      const call: DelayedCall = clock.callLater(ms, () => {
        const now = clock.now();
        if (now < call.getTime() || now - from < ms) early.push(`${ms}: after ${now - from}`);
        left -= 1;
      });
    }
    await advance(17);
    assert.deepEqual(early, []);
    assert.equal(left, 0, 'calls that have not run');
  });

  add('does not run a call that is due a minute later', async ({ clock, advance }) => {
    let called = false;
    clock.callLater(MINUTE_MS, () => {
      called = true;
    });
    await advance(5);
    assert.equal(called, false);
  });

  add('getTime has fractions, on the scale of now()', ({ clock }) => {
    const before = clock.now();
    const time = clock.callLater(1000.5, () => {}).getTime();
    const after = clock.now();
    assert(time >= before + 1000.5 && time <= after + 1000.5, `${time} is not 1000.5 from now`);
  });

  add('now never decreases', async ({ clock, advance }) => {
    const times: number[] = [];
    for (let i = 0; i < 10; i++) {
      times.push(clock.now());
      await advance(0.5);
    }
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
  });

  add('does not treat a delay of more than 2^31 ms as 0', async ({ clock, advance }) => {
    let called = 0;
    const call = clock.callLater(2 ** 31 + 1, () => void called++);
    const longest = clock.callLater(2 ** 53, () => void called++);
    await advance(5);
    assert.equal(called, 0);
    longest.cancel();
    call.reset(0);
    await advance(1);
    assert.equal(called, 1);
  });
}

function addOrderCases(add: AddCase): void {
  add('runs calls in the order of their times, not of callLater', async ({ clock, advance }) => {
    const order: DelayedCall[] = [];
    const calls = [9, 3, 12, 0, 6].map((ms) => {
      const call: DelayedCall = clock.callLater(ms, () => void order.push(call));
      return call;
    });
    const expected = inOrderOfTime(calls);
    await advance(15);
    assert.deepEqual(order, expected);
  });

  add('runs calls of equal time in the order of callLater', async ({ clock, advance }) => {
    const order: number[] = [];
    const expected = Array.from({ length: 50 }, (_, i) => i);
    for (const i of expected) clock.callLater(5, () => void order.push(i));
    await advance(10);
    assert.deepEqual(order, expected);
  });

  add(
    'runs a call made inside a call after those that are already due',
    async ({ clock, advance }) => {
      const order: string[] = [];
      clock.callLater(0, () => {
        order.push('first');
        clock.callLater(0, () => void order.push('nested'));
        order.push('end of the first');
      });
      clock.callLater(0, () => void order.push('second'));
      await advance(1);
      // A real clock may be so late that the nested call falls due after the wait.
      await advance(1);
      assert.deepEqual(order, ['first', 'end of the first', 'second', 'nested']);
    },
  );

  add('reports the error of a call and runs the others', async ({ clock, advance, errors }) => {
    const error = new Error('a late failure');
    let called = false;
    clock.callLater(0, () => {
      throw error;
    });
    clock.callLater(0, () => {
      called = true;
    });
    await advance(1);
    assert.equal(called, true);
    assert.deepEqual(
      errors.flush().map((logged) => logged.error),
      [error],
    );
  });

  add('lists the pending calls only', async ({ clock, advance }) => {
    assert.deepEqual(clock.getDelayedCalls(), []);
    const soon = clock.callLater(0, () => {});
    const late = clock.callLater(MINUTE_MS, () => {});
    clock.callLater(MINUTE_MS, () => {}).cancel();
    assert.deepEqual(new Set(clock.getDelayedCalls()), new Set([soon, late]));
    await advance(1);
    assert.deepEqual(clock.getDelayedCalls(), [late]);
    late.cancel();
    assert.deepEqual(clock.getDelayedCalls(), []);
  });
}

function addRefusalCases(add: AddCase): void {
  for (const delay of [Number.NaN, -1, -0.001, Number.POSITIVE_INFINITY, 2 ** 53 + 2]) {
    add(`refuses a delay of ${delay}`, ({ clock }) => {
      assert.throws(() => clock.callLater(delay, () => {}), InvalidArgumentValueError);
      const call = clock.callLater(1000, () => {});
      assert.throws(() => call.reset(delay), InvalidArgumentValueError);
      assert.equal(call.active(), true);
    });
  }

  for (const delay of [undefined, null, '5', {}, 5n]) {
    add(`refuses a delay that is not a number: ${typeof delay} ${delay}`, ({ clock }) => {
      assert.throws(() => clock.callLater(delay as never, () => {}), InvalidArgumentTypeError);
      assert.deepEqual(clock.getDelayedCalls(), []);
    });
  }

  for (const callback of [undefined, null, 'f', {}]) {
    add(
      `refuses a callback that is not a function: ${typeof callback} ${callback}`,
      ({ clock }) => {
        assert.throws(() => clock.callLater(1, callback as never), InvalidArgumentTypeError);
      },
    );
  }
}
