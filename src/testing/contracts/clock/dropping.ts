/** Cases of the clock contract: calls that the clock drops, as a reactor does when it is stopped. */
import assert from 'node:assert/strict';

import { InvalidArgumentTypeError } from '../../../core/errors/arguments.js';
import { AlreadyCancelledError } from '../../../core/errors/reactor.js';
import { type AddCase, type ClockScene, MINUTE_MS } from './clock-stage.js';

/** A scene whose clock drops calls. */
type DroppingScene = ClockScene & { readonly drop: NonNullable<ClockScene['drop']> };

export function addDroppingCases(add: AddCase): void {
  const addDropping = (name: string, body: (scene: DroppingScene) => Promise<void>): void => {
    add(name, ({ drop, ...scene }) => (drop === undefined ? undefined : body({ ...scene, drop })));
  };
  addNotificationCases(addDropping);
  addAfterDropCases(addDropping);

  add('does not report a call as dropped that ran or was cancelled', async (scene) => {
    const { clock, advance } = scene;
    let notified = 0;
    const ran = clock.callLater(0, () => {});
    const cancelled = clock.callLater(MINUTE_MS, () => {});
    for (const call of [ran, cancelled]) call.whenDropped(() => void notified++);
    cancelled.cancel();
    await advance(1);
    for (const call of [ran, cancelled]) call.whenDropped(() => void notified++);
    await scene.drop?.();
    assert.equal(notified, 0);
  });

  for (const callback of [undefined, null, 'f', {}]) {
    add(`refuses ${typeof callback} ${callback} for whenDropped`, ({ clock }) => {
      const call = clock.callLater(MINUTE_MS, () => {});
      assert.throws(() => call.whenDropped(callback as never), InvalidArgumentTypeError);
    });
  }
}

type AddDropping = (name: string, body: (scene: DroppingScene) => Promise<void>) => void;

function addNotificationCases(add: AddDropping): void {
  add('calls whenDropped of dropped calls in the order of their times', async ({ clock, drop }) => {
    const notified: number[] = [];
    const calls = [7, 3, 9, 1].map((ms) => {
      const call = clock.callLater(MINUTE_MS, () => assert.fail('a dropped call ran'));
      call.whenDropped(() => void notified.push(ms));
      call.delay(ms * 1000);
      return call;
    });
    clock.callLater(MINUTE_MS, () => assert.fail('a dropped call ran'));
    calls[3]?.reset(MINUTE_MS / 2);
    await drop();
    assert.deepEqual(notified, [1, 3, 7, 9]);
  });

  add('has dropped all calls when it calls whenDropped', async ({ clock, drop }) => {
    const seen: unknown[] = [];
    const calls = [1, 2].map((minutes) => clock.callLater(minutes * MINUTE_MS, () => {}));
    for (const call of calls) {
      call.whenDropped(() => {
        seen.push(...calls.map((each) => each.active()), clock.getDelayedCalls().length);
      });
    }
    await drop();
    assert.deepEqual(seen, [false, false, 0, false, false, 0]);
  });

  add('calls only the last callback of whenDropped', async ({ clock, drop }) => {
    const notified: string[] = [];
    const call = clock.callLater(MINUTE_MS, () => {});
    call.whenDropped(() => void notified.push('first'));
    call.whenDropped(() => void notified.push('second'));
    await drop();
    await drop();
    assert.deepEqual(notified, ['second']);
  });

  add('reports the error of a whenDropped callback and calls the others', async (scene) => {
    const { clock, drop, errors } = scene;
    const error = new Error('while being dropped');
    let notified = false;
    clock
      .callLater(MINUTE_MS, () => {})
      .whenDropped(() => {
        throw error;
      });
    clock
      .callLater(2 * MINUTE_MS, () => {})
      .whenDropped(() => {
        notified = true;
      });
    await drop();
    assert.equal(notified, true);
    assert.deepEqual(
      errors.flush().map((logged) => logged.error),
      [error],
    );
  });
}

function addAfterDropCases(add: AddDropping): void {
  add('ignores cancel of a dropped call, and refuses to move it', async ({ clock, drop }) => {
    const call = clock.callLater(MINUTE_MS, () => assert.fail('a dropped call ran'));
    await drop();
    assert.equal(call.active(), false);
    call.cancel();
    call.cancel();
    assert.throws(() => call.reset(1), AlreadyCancelledError);
    assert.throws(() => call.delay(1), AlreadyCancelledError);
  });

  add('runs calls that are made when and after others are dropped', async (scene) => {
    const { clock, drop, advance } = scene;
    const ran: string[] = [];
    const dropped = clock.callLater(MINUTE_MS, () => {});
    dropped.whenDropped(() => void clock.callLater(0, () => void ran.push('made when dropped')));
    await drop();
    clock.callLater(0, () => void ran.push('made after'));
    await advance(1);
    assert.deepEqual(ran, ['made when dropped', 'made after']);
  });
}
