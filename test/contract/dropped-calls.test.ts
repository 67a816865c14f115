/** Helpers over delayed calls when their reactor is stopped, and in its next run. */
import { expect, it } from 'vitest';
import {
  Cooperator,
  Deferred,
  deferLater,
  LoopingCall,
  type Reactor,
  ReactorStoppedError,
  ShapingFactory,
  TimeoutFactory,
  ticks,
} from '../../src/index.js';
import { contract, portOf } from '../support/contract.js';
import { within } from '../support/deadline.js';
import { listenLocal } from '../support/pairs.js';
import { RawPeer } from '../support/raw-peer.js';
import { recorders } from '../support/recorder.js';

const HOUR_MS = 3_600_000;

/** Runs the reactor, calls `body` while it runs, and stops it. */
async function during(reactor: Reactor, body: () => void | Promise<void>): Promise<void> {
  const finished = reactor.run({ installSignalHandlers: false });
  await within(new Promise<void>((go) => reactor.callWhenRunning(go)), 'startup');
  await body();
  reactor.stop();
  await within(finished, 'run to settle');
}

contract('a stop drops delayed calls, and', (rig) => {
  it('Deferreds and iterators that wait for them end before run settles', async () => {
    const { reactor } = rig;
    const told: string[] = [];
    let later: Deferred<void> | undefined;
    await during(reactor, async () => {
      later = deferLater(reactor, HOUR_MS).addErrback((failure) => {
        told.push(`deferLater ${failure.value.name}`);
      });
      new LoopingCall(reactor, () => {})
        .start(HOUR_MS)
        .addCallback(({ running }) => void told.push(`LoopingCall ${running}`));
      new Cooperator({ clock: reactor, restMs: HOUR_MS })
        .coiterate([1, 2, 3])
        .addErrback((failure) => void told.push(`Cooperator ${failure.value.name}`));
      const counts = ticks(reactor, HOUR_MS, { now: false });
      void counts.next().then(({ done }) => told.push(`ticks ${done}`));
      await rig.turns(1);
    });
    expect(told.sort()).toEqual([
      'Cooperator ReactorStoppedError',
      'LoopingCall false',
      'deferLater ReactorStoppedError',
      'ticks true',
    ]);
    expect(later?.fired).toBe(true);
  });

  it('a result that comes afterwards is there, without the timeout', async () => {
    const answer = new Deferred<string>().addTimeout(HOUR_MS, rig.reactor);
    await during(rig.reactor, () => {});
    answer.callback('the answer');
    expect(await answer).toBe('the answer');
  });

  it('the helpers work in the next run', async () => {
    const { reactor } = rig;
    const cooperator = new Cooperator({ clock: reactor, restMs: 1 });
    let ticked = 0;
    const loop = new LoopingCall(reactor, () => void ticked++);
    let first: unknown;
    await during(reactor, () => {
      loop.start(1);
      const forever = (function* () {
        for (;;) yield;
      })();
      cooperator.coiterate(forever).addErrback(({ value }) => {
        first = value;
      });
    });
    expect(first).toBeInstanceOf(ReactorStoppedError);
    await during(reactor, async () => {
      ticked = 0;
      loop.start(1);
      expect(await within(cooperator.coiterate([1, 2, 3]), 'the task')).toBe(undefined);
      while (ticked < 3) await rig.turns(1);
      loop.stop();
    });
  });

  it('policies count connections off that are aborted before shutdown, and time the next run', async () => {
    const { reactor } = rig;
    const clock = reactor;
    const recorded = recorders();
    const rate = { bytesPerSecond: 1_000, burstBytes: 1_000 };
    const factory = new TimeoutFactory(
      new ShapingFactory(recorded, { clock, write: { perConnection: rate, total: rate } }),
      { clock, idleMs: 20 },
    );
    await during(reactor, async () => {
      rig.use(await RawPeer.connect(portOf(listenLocal(reactor, factory))));
      while (recorded.built.length === 0) await rig.turns(1);
      const protocol = recorded.built[0];
      protocol?.transport.write(Buffer.alloc(100_000));
      reactor.addSystemEventTrigger('before', 'shutdown', () => {
        protocol?.transport.abortConnection();
      });
    });
    expect(recorded.built[0]?.reason?.name).toBe('ConnectionAborted');
    expect(factory.protocols.size).toBe(0);
    await during(reactor, async () => {
      const peer = rig.use(await RawPeer.connect(portOf(listenLocal(reactor, factory))));
      await peer.untilEnded();
      expect((await recorded.built[1]?.lost())?.name).toBe('ConnectionDone');
    });
    expect(factory.protocols.size).toBe(0);
  });
});
