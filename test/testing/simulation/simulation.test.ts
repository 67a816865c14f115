import { describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../../src/core/errors/arguments.js';
import { ConnectionDone } from '../../../src/core/errors/connection.js';
import { Protocol } from '../../../src/core/protocol.js';
import { Deferred } from '../../../src/defer/deferred.js';
import { AccumulatingProtocol } from '../../../src/testing/accumulating-protocol.js';
import {
  SimulationLimitError,
  SimulationStuckError,
} from '../../../src/testing/simulation/errors.js';
import { Simulation } from '../../../src/testing/simulation/simulation.js';
import { connectedPair } from './pairs.js';

class Thrower extends Protocol {
  override dataReceived(): void {
    throw new Error('a bug');
  }
}

describe('running a simulation', () => {
  it('until nothing is left to happen', async () => {
    const simulation = new Simulation();
    const log: string[] = [];
    simulation.callLater(5, () => {
      log.push('first');
      simulation.callLater(5, () => log.push('second'));
    });
    await simulation.run();
    expect(log).toEqual(['first', 'second']);
    expect(simulation.now()).toBe(10);
  });

  it('for so many milliseconds, to the last', async () => {
    const simulation = new Simulation();
    const log: number[] = [];
    for (const ms of [10, 20, 30]) simulation.callLater(ms, () => log.push(ms));
    await simulation.run({ ms: 20 });
    expect([simulation.now(), log]).toEqual([20, [10, 20]]);
    simulation.runSync({ ms: 7.5 });
    expect([simulation.now(), log]).toEqual([27.5, [10, 20]]);
    await expect(simulation.run({ ms: -1 })).rejects.toThrow(InvalidArgumentValueError);
    await expect(simulation.run(7 as never)).rejects.toThrow(TypeError);
  });

  it('until a condition holds', async () => {
    const simulation = new Simulation();
    let count = 0;
    const tick = (): void => {
      count += 1;
      simulation.callLater(10, tick);
    };
    simulation.callLater(10, tick);
    await simulation.run(() => count === 3);
    expect(simulation.now()).toBe(30);
    simulation.runSync(() => count === 5);
    expect(simulation.now()).toBe(50);
  });

  it('until a promise or a Deferred settles, and gives its value', async () => {
    const simulation = new Simulation();
    const promise = new Promise<string>((resolve) => simulation.callLater(10, resolve, 'value'));
    expect(await simulation.run(promise)).toBe('value');
    const deferred = new Deferred<number>();
    simulation.callLater(10, () => deferred.callback(7));
    expect(await simulation.run(deferred)).toBe(7);
    const failure = new Error('no');
    await expect(simulation.run(Promise.reject(failure))).rejects.toBe(failure);
    expect(simulation.now()).toBe(20);
  });

  it('lets code with await keep its virtual time', async () => {
    const simulation = new Simulation();
    const sleep = (ms: number): Promise<void> =>
      new Promise((resolve) => void simulation.callLater(ms, resolve));
    const times: number[] = [];
    const code = async (): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        await sleep(10);
        await Promise.resolve().then(() => Promise.resolve());
        await new Promise((resolve) => process.nextTick(resolve));
        times.push(simulation.now());
      }
    };
    simulation.callLater(10.5, () => {});
    await simulation.run(code());
    expect(times).toEqual([10, 20, 30]);
  });

  it('may happen inside another run', async () => {
    const simulation = new Simulation();
    const outer = (async () => {
      await simulation.run({ ms: 10 });
      const nested = simulation.run({ ms: 30 });
      await simulation.run({ ms: 10 });
      await nested;
      return simulation.now();
    })();
    expect(await simulation.run(outer)).toBe(40);
  });

  it('step by step', () => {
    const simulation = new Simulation();
    const log: string[] = [];
    simulation.callLater(1, () => log.push('a'));
    simulation.callLater(2, () => log.push('b'));
    expect([simulation.step(), ...log]).toEqual([true, 'a']);
    expect(simulation.getDelayedCalls().length).toBe(1);
    expect([simulation.step(), simulation.step(), ...log]).toEqual([true, false, 'a', 'b']);
  });

  it('fails with errors of application code', async () => {
    const simulation = new Simulation();
    simulation.host('a').listenTCP(7, Thrower);
    const client = new AccumulatingProtocol();
    simulation.host('b').connectTCP('a', 7, () => client);
    await simulation.run(client.onConnectionMade);
    client.transport.write('x');
    await expect(simulation.run()).rejects.toThrow('a bug');
    expect(String(simulation.trace)).toContain('a  error in dataReceived: Error: a bug');
    await simulation.run();
    expect(client.closedReason).toBeInstanceOf(ConnectionDone);
    simulation.callLater(0, () => {
      throw new Error('another');
    });
    expect(() => simulation.step()).toThrow('another');
  });

  it('refuses options that make no sense', () => {
    expect(() => new Simulation({ seed: -1 })).toThrow(InvalidArgumentValueError);
    expect(() => new Simulation({ seed: 1.5 })).toThrow(InvalidArgumentValueError);
    expect(() => new Simulation({ maxSteps: 0 })).toThrow(InvalidArgumentValueError);
    expect(() => new Simulation({ reportError: 7 as never })).toThrow(InvalidArgumentTypeError);
    expect(() => new Simulation().host(7 as never)).toThrow(InvalidArgumentTypeError);
  });
});

describe('a simulation that has no end', () => {
  it('is stopped after maxSteps', async () => {
    const simulation = new Simulation({ maxSteps: 100 });
    const again = (): void => void simulation.host('a').callLater(0, again);
    again();
    const error = await simulation.run().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SimulationLimitError);
    expect(error).toMatchObject({ option: 'maxSteps', limit: 100 });
    expect(() => simulation.runSync()).toThrow(
      /100 steps by 0\.000 ms \(maxSteps\).*\n {2}a {2}listens on nothing/,
    );
  });
});

describe('a simulation that is stuck', () => {
  it('says what each connection and each reactor waits for', async () => {
    const { simulation, client, server, clientHost, serverHost } = connectedPair({
      faults: { receiveWindowBytes: 10, sendBufferBytes: 20 },
    });
    server.call('pauseProducing');
    client.transport.write('x'.repeat(50));
    const waiting = simulation.run(() => server.receivedBytes === 50);
    await expect(waiting).rejects.toThrow(SimulationStuckError);
    const message = String(await waiting.catch((error: Error) => error.message));
    expect(message.split('\n').map((line) => line.trim())).toEqual([
      'no events are left after 3.000 ms, and the goal of this run was not reached',
      'b:40001 -> a:80  client: open, waits for data, 20 B not taken yet, 20 B to send; ' +
        'server: open, reading is paused, 10 B unread',
      'a  listens on 80  0 attempts to connect  1 transports  0 delayed calls',
      'b  listens on nothing  0 attempts to connect  1 transports  0 delayed calls',
      'Real timers, files and sockets are not simulated, and a run does not wait for them.',
    ]);
    simulation.partition(clientHost, serverHost);
    expect(() => simulation.runSync(() => false)).toThrow(/a \| b {2}cut off from each other/);
  });

  it('is distinguished from one whose promise has settled', async () => {
    const simulation = new Simulation();
    await expect(simulation.run(new Promise(() => {}))).rejects.toThrow(SimulationStuckError);
    expect(await simulation.run(Promise.resolve(3))).toBe(3);
  });
});
