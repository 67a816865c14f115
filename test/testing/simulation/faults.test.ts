/** Each fault happens, and happens the same way for the same seed. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../../src/core/errors/arguments.js';
import { ConnectionRefusedError, NoRouteError } from '../../../src/core/errors/connecting.js';
import { ConnectionDone, ConnectionLost } from '../../../src/core/errors/connection.js';
import { CHOPPY, type SimulationFaults } from '../../../src/testing/simulation/faults.js';
import { Simulation } from '../../../src/testing/simulation/simulation.js';
import { Recorder, RecordingFactory, takeViolations } from '../../support/recorder.js';
import { connectedPair, numbered, type SimulatedPair } from './pairs.js';

afterEach(() => expect(takeViolations(), 'rules broken').toEqual([]));

/** Sends `bytes` from client to server under these faults. */
function transfer(faults: SimulationFaults, bytes = 20_000, seed = 5): SimulatedPair {
  const pair = connectedPair({ seed, faults });
  pair.client.transport.write(numbered(bytes));
  pair.simulation.runSync();
  return pair;
}

/** How often something is so, over 200 seeds. */
function share(holds: (seed: number) => boolean): number {
  return Array.from({ length: 200 }, (_, seed) => seed).filter(holds).length / 200;
}

describe('faults', () => {
  it.each<[string, unknown]>([
    ['split', 2],
    ['reset', Number.NaN],
    ['latencyMs', [5, 1]],
    ['latencyMs', -1],
    ['sendBufferBytes', 0],
  ])('refuse %s %j', (name, value) => {
    expect(() => new Simulation({ faults: { [name]: value } })).toThrow(InvalidArgumentValueError);
  });

  it.each<[string, unknown]>([
    ['split', '0.5'],
    ['latencyMs', 'long'],
    ['bytesPerSecond', true],
  ])('refuse %s %j for its type', (name, value) => {
    expect(() => new Simulation({ faults: { [name]: value } })).toThrow(InvalidArgumentTypeError);
    expect(() => new Simulation({ faults: null as never })).toThrow(InvalidArgumentTypeError);
  });

  it('never change, lose or disorder bytes', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { server } = transfer(CHOPPY, 10_000, seed);
      expect(server.received.equals(numbered(10_000)), `seed ${seed}`).toBe(true);
    }
  });
});

describe('latency', () => {
  it('is how long data travels', () => {
    const { simulation, client, server } = connectedPair({ faults: { latencyMs: 250 } });
    expect(simulation.now()).toBe(500);
    client.transport.write('x');
    simulation.runSync(() => server.receivedBytes > 0);
    expect(simulation.now()).toBe(750);
  });

  it('differs within its range', () => {
    const { simulation } = connectedPair({ seed: 1, faults: { latencyMs: [10, 90] } });
    const { simulation: other } = connectedPair({ seed: 2, faults: { latencyMs: [10, 90] } });
    for (const { now } of [simulation, other].map((one) => ({ now: one.now() }))) {
      expect(now).toBeGreaterThan(20);
      expect(now).toBeLessThan(180);
    }
    expect(simulation.now()).not.toBe(other.now());
  });
});

describe('bandwidth', () => {
  it('is how fast data travels', () => {
    const { simulation, client, server } = connectedPair({
      faults: { latencyMs: 0, bytesPerSecond: 1000, maxPieceBytes: 100 },
    });
    client.transport.write(numbered(5_000));
    simulation.runSync({ ms: 1_000 });
    expect(server.receivedBytes).toBe(1_000);
    simulation.runSync();
    expect(simulation.now()).toBeCloseTo(5_000);
  });
});

describe('pieces', () => {
  it('are cut at random', () => {
    const whole = transfer({});
    expect(whole.server.chunks.length).toBe(1);
    const cut = transfer({ split: 1 });
    expect(cut.server.chunks.length).toBeGreaterThan(5);
    expect(cut.server.chunks.some(({ length }) => length < 20)).toBe(true);
  });

  it('have at most the requested length', () => {
    const { server } = transfer({ maxPieceBytes: 7 }, 700);
    expect(server.chunks.length).toBe(100);
  });

  it('are joined with those behind them', () => {
    const sizes = (coalesce: number): number[] => {
      const { simulation, client, server } = connectedPair({ seed: 2, faults: { coalesce } });
      for (let i = 0; i < 20; i++) {
        simulation.callLater(i, () => client.transport.write('1234567890'));
      }
      simulation.runSync();
      expect(server.receivedBytes).toBe(200);
      return server.chunks.map(({ length }) => length);
    };
    expect(sizes(0).length).toBe(20);
    expect(sizes(0.5).length).toBeLessThan(16);
    expect(Math.max(...sizes(0.5))).toBeGreaterThan(20);
  });
});

describe('slow readers', () => {
  it('read at their rate, and make the sender wait', () => {
    const { simulation, client, server } = connectedPair({
      faults: { slowReader: 1, slowReaderBytesPerSecond: 1_000, receiveWindowBytes: 1_000 },
    });
    client.transport.write(numbered(70_000));
    simulation.runSync({ ms: 2_000 });
    expect(server.receivedBytes).toBeGreaterThan(1_500);
    expect(server.receivedBytes).toBeLessThan(2_500);
    expect(client.transport.bufferedBytes).toBeGreaterThan(0);
    simulation.runSync();
    expect(server.receivedBytes).toBe(70_000);
  });

  it('can be made of one end of one connection', () => {
    const { simulation, client, server, connection } = connectedPair();
    connection.readSlowly('server', 100);
    client.transport.write(numbered(100));
    server.transport.write(numbered(100));
    simulation.runSync({ ms: 500 });
    expect([client.receivedBytes, server.receivedBytes]).toEqual([100, 50]);
    expect(() => connection.readSlowly('middle' as never, 1)).toThrow(InvalidArgumentValueError);
  });

  it('are as many as requested', () => {
    const slow = share(
      (seed) => transfer({ slowReader: 0.3 }, 5_000, seed).simulation.now() > 1_000,
    );
    expect(slow).toBeGreaterThan(0.2);
    expect(slow).toBeLessThan(0.4);
  });
});

describe('resets', () => {
  it('break connections, as many as requested', () => {
    const broken = share((seed) => {
      const { client, server } = transfer({ reset: 0.3, maxPieceBytes: 100 }, 2_000, seed);
      if (client.reason === undefined) return false;
      expect(client.reason).toBeInstanceOf(ConnectionLost);
      expect(server.reason).toBeInstanceOf(ConnectionLost);
      expect(server.receivedBytes).toBeLessThan(2_000);
      return true;
    });
    expect(broken).toBeGreaterThan(0.2);
    expect(broken).toBeLessThan(0.4);
  });

  it('can be made by the test', () => {
    const { simulation, client, server, connection } = connectedPair();
    client.transport.write('lost on the way');
    connection.reset();
    connection.reset();
    simulation.runSync();
    expect(client.reason?.cause).toMatchObject({ code: 'ECONNRESET' });
    expect(server.log).toEqual(['connectionMade', 'connectionLost ConnectionLost']);
    expect(simulation.connections).toEqual([]);
  });
});

describe('partitions', () => {
  it('hold data under way until they are healed', () => {
    const { simulation, client, server, clientHost, serverHost } = connectedPair();
    client.transport.write('before ');
    simulation.runSync({ ms: 0.5 });
    simulation.partition(serverHost, clientHost);
    simulation.partition(serverHost, clientHost);
    client.transport.write('meanwhile ');
    simulation.runSync({ ms: 10_000 });
    expect(server.text).toBe('');
    simulation.heal(clientHost, serverHost);
    client.transport.write('after');
    simulation.runSync();
    expect(server.text).toBe('before meanwhile after');
  });

  it('are healed between two hosts, of one, or all', () => {
    const { simulation, client, server, clientHost, serverHost } = connectedPair();
    const other = simulation.host('c');
    simulation.partition(serverHost, clientHost);
    client.transport.write('x');
    simulation.heal(other);
    simulation.heal(serverHost, other);
    simulation.runSync();
    expect(server.text).toBe('');
    simulation.heal(serverHost);
    simulation.runSync();
    expect(server.text).toBe('x');
    simulation.partition(serverHost, clientHost);
    client.transport.write('y');
    simulation.heal();
    simulation.runSync();
    expect(server.text).toBe('xy');
  });

  it('do not reach others', () => {
    const { simulation, client, server } = connectedPair();
    simulation.partition(simulation.host('c'), simulation.host('b'));
    client.transport.write('through');
    simulation.runSync();
    expect(server.text).toBe('through');
  });

  it('happen and heal by themselves, and lose nothing', () => {
    const cut = share((seed) => {
      const pair = transfer({ partition: 0.3, maxPieceBytes: 100 }, 2_000, seed);
      expect(pair.server.received.equals(numbered(2_000)), `seed ${seed}`).toBe(true);
      return String(pair.simulation.trace).includes('cut off');
    });
    expect(cut).toBeGreaterThan(0.2);
    expect(cut).toBeLessThan(0.4);
  });
});

describe('attempts to connect', () => {
  function attempts(faults: SimulationFaults): Error[] {
    const simulation = new Simulation({ faults, reportError: () => {} });
    simulation.host('a').listenTCP(80, () => new Recorder());
    const factory = new RecordingFactory(() => new Recorder());
    for (let i = 0; i < 100; i++) simulation.host('b').connectTCP('a', 80, factory);
    simulation.runSync();
    return factory.reasons;
  }

  it('fail, as many as requested', () => {
    const reasons = attempts({ connectFailure: 0.5 });
    expect(reasons.length).toBeGreaterThan(35);
    expect(reasons.length).toBeLessThan(65);
    expect(reasons.some((reason) => reason instanceof ConnectionRefusedError)).toBe(true);
    expect(reasons.some((reason) => reason instanceof NoRouteError)).toBe(true);
  });

  it('are made and then lost if the server cannot accept', () => {
    const reasons = attempts({ acceptFailure: 0.5 });
    expect(reasons.length).toBeGreaterThan(35);
    expect(reasons.length).toBeLessThan(65);
    expect(reasons.every((reason) => reason instanceof ConnectionLost)).toBe(true);
  });

  it('take longer', () => {
    const { simulation } = connectedPair({ faults: { connectDelayMs: [1_000, 2_000] } });
    expect(simulation.now()).toBeGreaterThan(1_002);
    expect(simulation.now()).toBeLessThan(2_002);
  });
});

it('one more fault does not change the others', () => {
  const faults = { split: 0.5, latencyMs: [1, 20] } as const;
  const { server: one } = transfer(faults);
  const { server: other, client } = transfer({ ...faults, reset: 0.001, partition: 0.001 });
  expect(other.chunks.map(({ length }) => length)).toEqual(one.chunks.map(({ length }) => length));
  expect(client.reason).not.toBeInstanceOf(ConnectionDone);
});
