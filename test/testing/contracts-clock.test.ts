/** The clock contract over the manual clock, and over clocks that are broken on purpose. */
import { describe, expect, it } from 'vitest';
import type { DelayedCall } from '../../src/core/clock.js';
import { clockContract } from '../../src/testing/contracts/clock/clock-contract.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { failing, outcome } from './contract-outcome.js';

type Callback = (...args: unknown[]) => void;
type CallLater = (
  this: ManualClock,
  ms: number,
  callback: Callback,
  ...args: unknown[]
) => DelayedCall;

/** A contract over manual clocks with some of their methods replaced. */
function contractOver(replace: Partial<Record<keyof ManualClock, unknown>>) {
  return clockContract(() => {
    const clock = Object.assign(new ManualClock(), replace);
    return { clock, advance: (ms) => clock.advance(ms), drop: () => clock.dropCalls() };
  });
}

function callLater(replacement: CallLater): { callLater: CallLater } {
  return { callLater: replacement };
}

const original = ManualClock.prototype.callLater as CallLater;

function changed(call: DelayedCall, change: Partial<DelayedCall>): DelayedCall {
  const copy: DelayedCall = {
    getTime: () => call.getTime(),
    active: () => call.active(),
    whenDropped: (callback) => call.whenDropped(callback),
    cancel: () => call.cancel(),
    reset: (ms) => call.reset(ms),
    delay: (ms) => call.delay(ms),
  };
  return Object.assign(copy, change);
}

describe('the clock contract', () => {
  for (const { name, run } of contractOver({})) it(name, run);

  it('has no two cases of one name', () => {
    const names = contractOver({}).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

const BROKEN: readonly [what: string, replace: object, noticedBy: string][] = [
  [
    'calls at once for no delay',
    callLater(function (ms, callback, ...args) {
      if (ms === 0) callback(...args);
      return original.call(this, ms, ms === 0 ? () => {} : callback, ...args);
    }),
    'calls back once, with the arguments, after callLater has returned',
  ],
  [
    'calls early',
    callLater(function (ms, callback, ...args) {
      const call = original.call(this, ms / 2, callback, ...args);
      return changed(call, { getTime: () => call.getTime() + ms / 2 });
    }),
    'never calls before its time by now()',
  ],
  [
    'takes fractions of milliseconds for none',
    callLater(function (ms, callback, ...args) {
      return original.call(this, Number.isFinite(ms) ? Math.trunc(ms) : ms, callback, ...args);
    }),
    'getTime has fractions, on the scale of now()',
  ],
  [
    'loses the arguments',
    callLater(function (ms, callback) {
      return original.call(this, ms, callback);
    }),
    'calls back once, with the arguments, after callLater has returned',
  ],
  [
    'wraps long delays around, as 32 bits do',
    callLater(function (ms, callback, ...args) {
      return original.call(this, ms > 2 ** 31 ? 1 : ms, callback, ...args);
    }),
    'does not treat a delay of more than 2^31 ms as 0',
  ],
  [
    'lets exceptions out',
    callLater(function (ms, callback, ...args) {
      const guarded = (): void => {
        try {
          callback(...args);
        } catch {
          // Swallowed: neither reported nor thrown.
        }
      };
      return original.call(this, ms, guarded);
    }),
    'reports the error of a call and runs the others',
  ],
  [
    'does not cancel',
    callLater(function (ms, callback, ...args) {
      const call = original.call(this, ms, callback, ...args);
      return changed(call, { cancel: () => {} });
    }),
    'does not run a cancelled call',
  ],
  [
    'lets a call be cancelled twice',
    callLater(function (ms, callback, ...args) {
      const call = original.call(this, ms, callback, ...args);
      return changed(call, { cancel: () => void (call.active() && call.cancel()) });
    }),
    'throws from cancel after cancel',
  ],
  [
    'does not move calls',
    callLater(function (ms, callback, ...args) {
      const call = original.call(this, ms, callback, ...args);
      return changed(call, { reset: () => {} });
    }),
    'reset and delay move a call to a later time',
  ],
  [
    'calls those of equal time in reverse',
    callLater(function (ms, callback, ...args) {
      const nth = this.getDelayedCalls().length;
      return original.call(
        this,
        ms > 1 && Number.isFinite(ms) ? ms - nth / 1e6 : ms,
        callback,
        ...args,
      );
    }),
    'runs calls of equal time in the order of callLater',
  ],
  [
    'does not say which calls it drops',
    callLater(function (ms, callback, ...args) {
      return changed(original.call(this, ms, callback, ...args), { whenDropped: () => {} });
    }),
    'calls whenDropped of dropped calls in the order of their times',
  ],
  [
    'says before the drop that calls are dropped',
    {
      dropCalls(this: ManualClock) {
        for (const call of this.getDelayedCalls()) call.cancel();
      },
      ...callLater(function (ms, callback, ...args) {
        const call = original.call(this, ms, callback, ...args);
        let told = (): void => {};
        return changed(call, {
          whenDropped: (given) => {
            told = given;
          },
          cancel: () => told(),
        });
      }),
    },
    'has dropped all calls when it calls whenDropped',
  ],
  [
    'refuses to cancel a dropped call',
    callLater(function (ms, callback, ...args) {
      const call = original.call(this, ms, callback, ...args);
      return changed(call, {
        cancel: () => {
          if (!call.active()) throw new Error('it was dropped');
          call.cancel();
        },
      });
    }),
    'ignores cancel of a dropped call, and refuses to move it',
  ],
  [
    'stops working once it has dropped calls',
    {
      dropCalls(this: ManualClock) {
        ManualClock.prototype.dropCalls.call(this);
        Object.assign(
          this,
          callLater((ms) => original.call(new ManualClock(), ms, () => {})),
        );
      },
    },
    'runs calls that are made when and after others are dropped',
  ],
  ['lists no calls', { getDelayedCalls: () => [] }, 'lists the pending calls only'],
  [
    'takes whatever it is given for a delay',
    callLater(function (ms, callback, ...args) {
      return original.call(this, ms >= 0 ? Math.min(ms, 2 ** 53 - 1) : 0, callback, ...args);
    }),
    'refuses a delay of NaN',
  ],
  [
    'takes whatever it is given for a callback',
    callLater(function (ms, callback) {
      return original.call(this, ms, () => callback());
    }),
    'refuses a callback that is not a function: string f',
  ],
];

describe('the clock contract over a clock that', () => {
  it.each(BROKEN)('%s', async (_what, replace, noticedBy) => {
    expect(await outcome(contractOver(replace), noticedBy)).not.toBe('passed');
  });

  it('goes backwards', async () => {
    let time = 1e6;
    const contract = contractOver({
      now: () => {
        time -= 1;
        return time;
      },
    });
    expect(await failing(contract)).toContain('now never decreases');
  });
});
