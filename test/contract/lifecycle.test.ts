/**
 * Running and shutting down, as far as signals, the network and other reactors are concerned. The rules are in the reactor
 * contract; what needs a process of its own is in process.test.ts.
 */
import { expect, it } from 'vitest';
import { ConnectingCancelledError } from '../../src/core/errors/connecting.js';
import type { Deferred, Reactor } from '../../src/index.js';
import { contract } from '../support/contract.js';
import { within } from '../support/deadline.js';
import { pair, quietMoment } from '../support/pairs.js';
import { recorders } from '../support/recorder.js';
import { Blackhole } from '../support/sockets.js';

/** Runs the reactor until it has started; gives what `run` settles with. */
async function start(reactor: Reactor): Promise<{ finished: Deferred<void> }> {
  const finished = reactor.run({ installSignalHandlers: false });
  await within(new Promise<void>((resolve) => reactor.callWhenRunning(resolve)), 'startup');
  return { finished };
}

async function stop(reactor: Reactor, finished: Deferred<void>): Promise<void> {
  reactor.stop();
  await within(finished, 'run to settle');
}

contract('run and stop', (rig) => {
  it('listens for signals only while it runs, and only if asked to', async () => {
    const count = (): number => process.listenerCount('SIGINT') + process.listenerCount('SIGTERM');
    const before = count();
    const quiet = await start(rig.reactor);
    expect(count()).toBe(before);
    await stop(rig.reactor, quiet.finished);
    const finished = rig.reactor.run({ installSignalHandlers: true });
    await within(new Promise<void>((go) => rig.reactor.callWhenRunning(go)), 'startup');
    await stop(rig.reactor, finished);
    expect(count()).toBe(before);
  });

  it('listens for signals even if the program has removed the handlers of another run', async () => {
    const handlers = (): NodeJS.SignalsListener[] => process.listeners('SIGTERM');
    const before = handlers();
    const first = rig.reactor.run();
    for (const handler of handlers())
      if (!before.includes(handler)) process.off('SIGTERM', handler);
    const other = rig.make();
    const second = other.run();
    expect(handlers()).toHaveLength(before.length + 1);
    process.emit('SIGTERM', 'SIGTERM');
    await within(Promise.all([first, second]), 'both runs to settle');
    expect([rig.reactor.exitSignal, other.exitSignal]).toEqual(['SIGTERM', 'SIGTERM']);
    expect(handlers()).toEqual(before);
  });
});

contract('shutdown', (rig) => {
  it('cancels connection attempts', async () => {
    const blackhole = rig.use(await Blackhole.open());
    const { finished } = await start(rig.reactor);
    const factory = recorders();
    const connector = rig.reactor.connectTCP('127.0.0.1', blackhole.port, factory);
    await rig.turns(3);
    expect(connector.state).toBe('connecting');
    await stop(rig.reactor, finished);
    expect(factory.reasons).toHaveLength(1);
    expect(factory.reasons[0]).toBeInstanceOf(ConnectingCancelledError);
    expect(factory.users).toBe(0);
    expect(connector.state).toBe('disconnected');
  });
});

contract('disposal', (rig) => {
  it('happens once if it is requested twice at the same time', async () => {
    const reactor = rig.make();
    const running = reactor.run({ installSignalHandlers: false });
    const both = [1, 2].map(() => reactor[Symbol.asyncDispose]());
    await within(Promise.all(both), 'disposal');
    await running;
  });

  it('does not disturb another reactor of the same thread', async () => {
    const other = rig.make();
    const { client, server } = await pair(rig);
    await within(other[Symbol.asyncDispose](), 'disposal of the other');
    client.transport.write('alive');
    expect((await server.receive(5)).toString()).toBe('alive');
    await quietMoment(rig);
  });
});
