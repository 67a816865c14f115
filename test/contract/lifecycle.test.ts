/** Running and stopping, system events, shutdown. What needs a process of its own is in process.test.ts. */
import { expect, it } from 'vitest';
import {
  ConnectingCancelledError,
  ConnectionLost,
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  ReactorAlreadyRunningError,
  ReactorDisposedError,
  ReactorNotRunningError,
} from '../../src/core/errors.js';
import type { Deferred, Reactor } from '../../src/index.js';
import { contract, portOf } from '../support/contract.js';
import { latch, within } from '../support/deadline.js';
import { listenLocal, pair, quietMoment } from '../support/pairs.js';
import { RawPeer } from '../support/raw-peer.js';
import { Recorder, recorders } from '../support/recorder.js';
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
  it('runs until stop has been carried out', async () => {
    const { reactor } = rig;
    expect(reactor.running).toBe(false);
    const { finished } = await start(reactor);
    expect(reactor.running).toBe(true);
    let settled = false;
    void finished.then(() => {
      settled = true;
    });
    await rig.turns(3);
    expect(settled).toBe(false);
    await stop(reactor, finished);
    expect(reactor.running).toBe(false);
  });

  it('refuses to run twice at a time', async () => {
    const { finished } = await start(rig.reactor);
    await expect((async () => rig.reactor.run())()).rejects.toThrow(ReactorAlreadyRunningError);
    expect(rig.reactor.running).toBe(true);
    await stop(rig.reactor, finished);
  });

  it('refuses to run while it shuts down', async () => {
    const { finished } = await start(rig.reactor);
    const gate = latch();
    rig.reactor.addSystemEventTrigger('before', 'shutdown', () => gate.promise);
    rig.reactor.stop();
    await rig.turns(2);
    await expect((async () => rig.reactor.run())()).rejects.toThrow(ReactorAlreadyRunningError);
    gate.open();
    await within(finished, 'run to settle');
  });

  it('runs again after stop, with all its parts', async () => {
    for (let round = 0; round < 3; round++) {
      const { finished } = await start(rig.reactor);
      const factory = recorders({ dataReceived: (data, self) => self.transport.write(data) });
      const listening = listenLocal(rig.reactor, factory);
      const peer = rig.use(await RawPeer.connect(portOf(listening)));
      peer.write('again');
      expect((await peer.receive(5)).toString()).toBe('again');
      await stop(rig.reactor, finished);
      expect(listening.listening).toBe(false);
      expect((await factory.protocol()).reason).toBeInstanceOf(ConnectionLost);
    }
  });

  it.each(['stop', 'crash'] as const)('refuses %s while it does not run', async (method) => {
    expect(() => rig.reactor[method]()).toThrow(ReactorNotRunningError);
    const { finished } = await start(rig.reactor);
    await stop(rig.reactor, finished);
    expect(() => rig.reactor[method]()).toThrow(ReactorNotRunningError);
  });

  it('ends run by crash without shutdown, leaving sockets and calls as they are', async () => {
    const fired: string[] = [];
    rig.reactor.addSystemEventTrigger('before', 'shutdown', () => void fired.push('shutdown'));
    const { finished } = await start(rig.reactor);
    const { client, server, listening } = await pair(rig);
    const called = latch();
    rig.reactor.callLater(3, called.open, undefined);
    rig.reactor.crash();
    await within(finished, 'run to settle');
    expect(rig.reactor.running).toBe(false);
    expect(fired).toEqual([]);
    expect(listening.listening).toBe(true);
    client.transport.write('still here');
    expect((await server.receive(10)).toString()).toBe('still here');
    await within(called.promise, 'a delayed call after crash');
  });

  it('runs again after crash', async () => {
    const first = await start(rig.reactor);
    rig.reactor.crash();
    await within(first.finished, 'run to settle');
    const second = await start(rig.reactor);
    await stop(rig.reactor, second.finished);
  });

  it('works before it runs: sockets and delayed calls', async () => {
    const { client, server } = await pair(rig);
    client.transport.write('early');
    expect((await server.receive(5)).toString()).toBe('early');
    expect(rig.reactor.running).toBe(false);
  });

  it('calls what waits for running after startup, in order, with arguments', async () => {
    const calls: unknown[] = [];
    rig.reactor.callWhenRunning((...args) => void calls.push([rig.reactor.running, ...args]), 1, 2);
    rig.reactor.callWhenRunning(() => void calls.push('second'));
    await rig.turns(2);
    expect(calls).toEqual([]);
    const { finished } = await start(rig.reactor);
    expect(calls).toEqual([[true, 1, 2], 'second']);
    await stop(rig.reactor, finished);
  });

  it('calls at once what waits for running while it runs', async () => {
    const { finished } = await start(rig.reactor);
    const calls: unknown[] = [];
    rig.reactor.callWhenRunning((word) => void calls.push(word), 'now');
    expect(calls).toEqual(['now']);
    await stop(rig.reactor, finished);
  });

  it('stops when stop is called during startup', async () => {
    rig.reactor.callWhenRunning(() => rig.reactor.stop());
    await within(rig.reactor.run({ installSignalHandlers: false }), 'run to settle');
    expect(rig.reactor.running).toBe(false);
  });

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
});

contract('system events', (rig) => {
  it('runs the phases of startup in order, awaiting what comes before', async () => {
    const order: string[] = [];
    const gate = latch();
    const note = (what: string) => (): void => void order.push(what);
    rig.reactor.addSystemEventTrigger('after', 'startup', note('after'));
    rig.reactor.addSystemEventTrigger('during', 'startup', note('during'));
    rig.reactor.addSystemEventTrigger('before', 'startup', () => gate.promise.then(note('before')));
    const finished = rig.reactor.run({ installSignalHandlers: false });
    await rig.turns(3);
    expect(order).toEqual([]);
    gate.open();
    await within(new Promise<void>((go) => rig.reactor.callWhenRunning(go)), 'startup');
    expect(order).toEqual(['before', 'during', 'after']);
    await stop(rig.reactor, finished);
  });

  it('runs the phases of shutdown in order, awaiting all that come before', async () => {
    const { finished } = await start(rig.reactor);
    const order: string[] = [];
    const gates = [latch(), latch()];
    const { reactor } = rig;
    reactor.addSystemEventTrigger('after', 'shutdown', () => void order.push('after'));
    reactor.addSystemEventTrigger('during', 'shutdown', () => void order.push('during'));
    for (const [i, gate] of gates.entries()) {
      reactor.addSystemEventTrigger('before', 'shutdown', () => {
        order.push(`before ${i}`);
        return gate.promise;
      });
    }
    reactor.stop();
    expect(order).toEqual([]);
    await rig.turns(3);
    expect(order).toEqual(['before 0', 'before 1']);
    gates[1]?.open();
    await rig.turns(3);
    expect(order).toEqual(['before 0', 'before 1']);
    gates[0]?.open();
    await within(finished, 'run to settle');
    expect(order).toEqual(['before 0', 'before 1', 'during', 'after']);
  });

  it('does not wait for what during and after return', async () => {
    const { finished } = await start(rig.reactor);
    const never = new Promise(() => {});
    rig.reactor.addSystemEventTrigger('during', 'shutdown', () => never);
    rig.reactor.addSystemEventTrigger('after', 'shutdown', () => never);
    await stop(rig.reactor, finished);
  });

  it('passes the arguments that a trigger was added with', async () => {
    const seen: unknown[] = [];
    rig.reactor.addSystemEventTrigger(
      'during',
      'harvest',
      (...args) => void seen.push(args),
      1,
      'b',
    );
    await within(rig.reactor.fireSystemEvent('harvest'), 'the event');
    expect(seen).toEqual([[1, 'b']]);
  });

  it('runs a trigger once', async () => {
    let count = 0;
    rig.reactor.addSystemEventTrigger('during', 'harvest', () => void count++);
    await within(rig.reactor.fireSystemEvent('harvest'), 'the event');
    await within(rig.reactor.fireSystemEvent('harvest'), 'the event');
    expect(count).toBe(1);
  });

  it('reports triggers that throw or reject, and runs the others', async () => {
    const order: string[] = [];
    const { reactor } = rig;
    reactor.addSystemEventTrigger('before', 'harvest', () => {
      throw new Error('thrown before');
    });
    reactor.addSystemEventTrigger('before', 'harvest', () =>
      Promise.reject(new Error('rejected before')),
    );
    reactor.addSystemEventTrigger('before', 'harvest', () => void order.push('before'));
    reactor.addSystemEventTrigger('during', 'harvest', () => {
      throw new Error('thrown during');
    });
    reactor.addSystemEventTrigger('during', 'harvest', () => void order.push('during'));
    reactor.addSystemEventTrigger('after', 'harvest', () => void order.push('after'));
    await within(reactor.fireSystemEvent('harvest'), 'the event');
    expect(order).toEqual(['before', 'during', 'after']);
    const messages = rig.takeReports().map(({ error }) => (error as Error).message);
    expect(messages).toEqual(['thrown before', 'rejected before', 'thrown during']);
  });

  it('does not run a trigger that was removed, and removes it once', async () => {
    let called = false;
    const trigger = rig.reactor.addSystemEventTrigger('before', 'harvest', () => {
      called = true;
    });
    rig.reactor.removeSystemEventTrigger(trigger);
    expect(() => rig.reactor.removeSystemEventTrigger(trigger)).toThrow(InvalidArgumentValueError);
    await within(rig.reactor.fireSystemEvent('harvest'), 'the event');
    expect(called).toBe(false);
  });

  it('settles for an event that has no triggers', async () => {
    await within(rig.reactor.fireSystemEvent('nothing of the kind'), 'the event');
  });

  it('refuses phases and callbacks that are none', () => {
    const { reactor } = rig;
    expect(() => reactor.addSystemEventTrigger('later' as never, 'e', () => {})).toThrow(
      InvalidArgumentValueError,
    );
    expect(() => reactor.addSystemEventTrigger('after', 'e', 5 as never)).toThrow(
      InvalidArgumentTypeError,
    );
  });
});

contract('shutdown', (rig) => {
  it('leaves connections as they are before, and has lost them after', async () => {
    const { finished } = await start(rig.reactor);
    const { client, server, listening } = await pair(rig);
    const seen: unknown[] = [];
    rig.reactor.addSystemEventTrigger('before', 'shutdown', () => {
      seen.push([client.connected, server.connected, listening.listening]);
    });
    rig.reactor.addSystemEventTrigger('after', 'shutdown', () => {
      seen.push([client.reason?.name, server.reason?.name, listening.listening]);
    });
    await stop(rig.reactor, finished);
    expect(seen).toEqual([
      [true, true, true],
      ['ConnectionLost', 'ConnectionLost', false],
    ]);
    expect([client.lostCount, server.lostCount]).toEqual([1, 1]);
  });

  it('tells client factories, and stops every factory', async () => {
    const { finished } = await start(rig.reactor);
    const { clientFactory } = await pair(rig);
    const serverFactory = recorders();
    listenLocal(rig.reactor, serverFactory);
    await stop(rig.reactor, finished);
    await rig.turns(1);
    expect(clientFactory.log.slice(-3)).toEqual([
      'clientConnectionLost ConnectionLost',
      'doStop',
      'stopFactory',
    ]);
    expect(serverFactory.users).toBe(0);
    expect(serverFactory.log.at(-1)).toBe('stopFactory');
  });

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

  it('drops delayed calls', async () => {
    const { finished } = await start(rig.reactor);
    let called = false;
    rig.reactor.callLater(4, () => {
      called = true;
    });
    await stop(rig.reactor, finished);
    expect(rig.reactor.getDelayedCalls()).toEqual([]);
    await within(new Promise<void>((done) => void rig.reactor.callLater(8, done)), 'a call');
    expect(called).toBe(false);
  });

  it('carries out what triggers write and close before it', async () => {
    const { finished } = await start(rig.reactor);
    const factory = recorders();
    const listening = listenLocal(rig.reactor, factory);
    const peer = rig.use(await RawPeer.connect(portOf(listening)));
    const protocol = await factory.protocol();
    await protocol.made();
    rig.reactor.addSystemEventTrigger('before', 'shutdown', async () => {
      protocol.transport.write('goodbye');
      protocol.transport.loseConnection();
      await protocol.lost();
    });
    await stop(rig.reactor, finished);
    expect(protocol.reason?.name).toBe('ConnectionDone');
    await peer.untilGone();
    expect(peer.text).toBe('goodbye');
  });

  it('survives throws in connectionLost and loses the other connections', async () => {
    const { finished } = await start(rig.reactor);
    const factory = recorders({
      connectionLost: () => {
        throw new Error('at the end');
      },
    });
    const listening = listenLocal(rig.reactor, factory);
    for (let i = 0; i < 3; i++) rig.use(await RawPeer.connect(portOf(listening)));
    await factory.until('buildProtocol', 3);
    await stop(rig.reactor, finished);
    expect(factory.built.map(({ lostCount }) => lostCount)).toEqual([1, 1, 1]);
    expect(rig.takeReports()).toHaveLength(3);
  });
});

contract('disposal', (rig) => {
  it('closes ports and loses connections of a reactor that does not run', async () => {
    const { client, server, listening, clientFactory } = await pair(rig);
    await within(rig.reactor[Symbol.asyncDispose](), 'disposal');
    expect(client.reason).toBeInstanceOf(ConnectionLost);
    expect(server.reason).toBeInstanceOf(ConnectionLost);
    expect(listening.listening).toBe(false);
    expect(clientFactory.users).toBe(0);
  });

  it('stops a reactor that runs, with its shutdown triggers', async () => {
    const { finished } = await start(rig.reactor);
    const phases: string[] = [];
    rig.reactor.addSystemEventTrigger('before', 'shutdown', () => void phases.push('before'));
    rig.reactor.addSystemEventTrigger('after', 'shutdown', () => void phases.push('after'));
    await within(rig.reactor[Symbol.asyncDispose](), 'disposal');
    await within(finished, 'run to settle');
    expect(phases).toEqual(['before', 'after']);
    expect(rig.reactor.running).toBe(false);
  });

  it('may be asked for twice, also at the same time', async () => {
    const { reactor } = rig;
    const both = [reactor[Symbol.asyncDispose](), reactor[Symbol.asyncDispose]()];
    await within(Promise.all(both), 'disposal');
    await within(reactor[Symbol.asyncDispose](), 'a third disposal');
  });

  it('refuses to make anything new afterwards', async () => {
    const { reactor } = rig;
    await within(reactor[Symbol.asyncDispose](), 'disposal');
    const factory = recorders();
    expect(() => reactor.listenTCP(0, factory)).toThrow(ReactorDisposedError);
    expect(() => reactor.connectTCP('127.0.0.1', 9, factory)).toThrow(ReactorDisposedError);
    expect(() => reactor.callLater(0, () => {})).toThrow(ReactorDisposedError);
    await expect((async () => reactor.run())()).rejects.toThrow(ReactorDisposedError);
    expect(factory.users).toBe(0);
  });

  it('leaves transports, ports and connectors that may still be called', async () => {
    const { client, server, listening, connector } = await pair(rig);
    const hosts = [client.transport.getHost().port, server.transport.getPeer().port];
    await within(rig.reactor[Symbol.asyncDispose](), 'disposal');
    for (const { transport } of [client, server]) {
      transport.write('x');
      transport.pauseProducing();
      transport.resumeProducing();
      transport.loseConnection();
      transport.abortConnection();
      expect(transport.bufferedBytes).toBe(0);
    }
    expect([client.transport.getHost().port, server.transport.getPeer().port]).toEqual(hosts);
    await within(listening.stopListening(), 'stopListening');
    connector.disconnect();
    expect(connector.state).toBe('disconnected');
    expect([client.lostCount, server.lostCount]).toEqual([1, 1]);
  });

  it('may begin inside a callback', async () => {
    const disposed = latch();
    const dataReceived = (): void => {
      void Promise.resolve(rig.reactor[Symbol.asyncDispose]()).then(() => disposed.open());
    };
    const { client, server } = await pair(rig, { server: new Recorder({ dataReceived }) });
    client.transport.write('x');
    await within(disposed.promise, 'disposal');
    expect([client.lostCount, server.lostCount]).toEqual([1, 1]);
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
