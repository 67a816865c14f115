/** Calls from elsewhere, and Node's own timers. The rules of delayed calls are in the clock contract. */
import { expect, it } from 'vitest';
import { contract } from '../support/contract.js';
import { latch, within } from '../support/deadline.js';

contract('time', (rig) => {
  it('runs callFromThread made in a foreign callback', async () => {
    const done = latch<string>();
    setTimeout(() => rig.reactor.callFromThread(done.open, 'woken'), 1);
    expect(await within(done.promise, 'callFromThread')).toBe('woken');
  });

  it('has a clock that never goes back and knows fractions of a millisecond', () => {
    const times = Array.from({ length: 1000 }, () => rig.reactor.now());
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.some((time) => !Number.isInteger(time))).toBe(true);
  });

  it('does not treat a delay of more than 2^31 ms as 0', async () => {
    let called = false;
    const warnings: string[] = [];
    const onWarning = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', onWarning);
    const call = rig.reactor.callLater(2 ** 31 + 1, () => {
      called = true;
    });
    const longest = rig.reactor.callLater(2 ** 53, () => {
      called = true;
    });
    await rig.turns(5);
    await within(new Promise((done) => setTimeout(done, 5)), 'a timer of Node');
    await within(new Promise<void>((done) => void rig.reactor.callLater(5, done)), 'a call');
    await within(new Promise((done) => setTimeout(done, 5)), 'a timer of Node');
    expect(called).toBe(false);
    process.off('warning', onWarning);
    expect(warnings, 'timers of Node that were set too far').toEqual([]);
    longest.cancel();
    call.reset(0);
    await rig.turns(2);
    expect(called).toBe(true);
  });
});
