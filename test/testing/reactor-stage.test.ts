/** Reactors in real time as stages of contracts. */
import { describe, expect, it } from 'vitest';
import { InvalidArgumentTypeError } from '../../src/core/errors/arguments.js';
import { CannotListenError } from '../../src/core/errors/listening.js';
import { createReactor, Protocol, type Reactor } from '../../src/index.js';
import {
  clocksOver,
  inRealTime,
  pairsOver,
} from '../../src/testing/contracts/reactor/reactor-stage.js';

const makeReactor = (): Reactor => createReactor({ kind: 'node' });

describe('a stage in real time', () => {
  it('says what it waited for in vain', async () => {
    const stage = inRealTime(makeReactor, { deadlineMs: 1 })();
    await expect(stage.until(() => false, 'the impossible')).rejects.toThrow(
      'waited 1 ms for the impossible',
    );
    await stage.until(() => true, 'nothing');
    await stage.dispose();
  });

  it('settles with nothing left open', async () => {
    const stage = inRealTime(makeReactor)();
    await stage.settle();
    expect(stage.reactor.statistics()).toMatchObject({ connectionsMade: 1, connectionsOpen: 0 });
    expect(stage.reactor.getDelayedCalls()).toEqual([]);
    await stage.dispose();
  });

  it('refuses what makes no reactor', () => {
    expect(() => inRealTime(5 as never)).toThrow(InvalidArgumentTypeError);
  });
});

describe('pairs over a reactor', () => {
  it('dispose of the reactor if it cannot listen', async () => {
    let reactor: Reactor | undefined;
    const makePair = pairsOver(
      // 203.0.113.0/24 is for documentation (RFC 5737).
      inRealTime(
        () => {
          reactor = makeReactor();
          return reactor;
        },
        { host: '203.0.113.1' },
      ),
    );
    const pair = Promise.resolve(makePair(new Protocol(), new Protocol()));
    await expect(pair).rejects.toThrow(CannotListenError);
    expect(() => reactor?.callLater(0, () => {})).toThrow(/disposed/);
  });
});

describe('a reactor as a clock', () => {
  it('is advanced by waiting', async () => {
    const { clock, advance, dispose } = await clocksOver(inRealTime(makeReactor))();
    const before = clock.now();
    await advance(2);
    expect(clock.now()).toBeGreaterThanOrEqual(before + 2);
    await dispose?.();
  });
});
