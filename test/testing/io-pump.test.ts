import { afterEach, describe, expect, it } from 'vitest';
import { InvalidArgumentValueError } from '../../src/core/errors/arguments.js';
import { ConnectionDone, ConnectionLost } from '../../src/core/errors/connection.js';
import { IOPump, joinProtocols } from '../../src/testing/io-pump.js';
import {
  SimulationLimitError,
  TestTransportStateError,
} from '../../src/testing/simulation/errors.js';
import { HalfCloseRecorder, Recorder, takeViolations } from '../support/recorder.js';

afterEach(() => expect(takeViolations(), 'rules broken').toEqual([]));

function echo(): Recorder {
  return new Recorder({ dataReceived: (data, self) => self.call('write', data) });
}

describe('joinProtocols', () => {
  it('connects both and delivers nothing until the pump is worked', () => {
    const server = echo();
    const client = new Recorder({ connectionMade: (self) => self.call('write', 'hello') });
    const pump = joinProtocols(server, client);
    expect(pump).toBeInstanceOf(IOPump);
    expect([pump.serverTransport, pump.clientTransport]).toEqual([
      server.transport,
      client.transport,
    ]);
    expect([server.connected, server.text]).toEqual([true, '']);
    pump.flush();
    expect([server.text, client.text]).toEqual(['hello', 'hello']);
    expect(pump.pump()).toBe(false);
  });

  it('goes step by step', () => {
    const server = new Recorder();
    const client = new Recorder();
    const pump = joinProtocols(server, client);
    pump.flush();
    client.transport.write('a');
    expect(pump.pump()).toBe(true);
    expect(server.text).toBe('');
    pump.flush();
    expect(server.text).toBe('a');
  });

  it('cuts data to the requested length', () => {
    const server = new Recorder();
    const client = new Recorder();
    const pump = joinProtocols(server, client, { chunkBytes: 3 });
    client.transport.write('0123456789');
    pump.flush();
    expect(server.chunks.map(String)).toEqual(['012', '345', '678', '9']);
    expect(() => joinProtocols(server, client, { chunkBytes: 0 })).toThrow(
      InvalidArgumentValueError,
    );
  });

  it('cuts data at random, the same way for the same seed', () => {
    const pieces = (seed: number): string[] => {
      const server = new Recorder();
      const client = new Recorder();
      const pump = joinProtocols(server, client, { seed, chunkBytes: 10 });
      client.transport.write('0123456789'.repeat(5));
      pump.flush();
      return server.chunks.map(String);
    };
    expect(pieces(1)).toEqual(pieces(1));
    expect(pieces(1)).not.toEqual(pieces(2));
    expect(pieces(1).join('')).toBe('0123456789'.repeat(5));
  });

  it('lets time pass while data travels, and leaves later timers alone', () => {
    const server = echo();
    const client = new Recorder();
    const pump = joinProtocols(server, client, { latencyMs: 5 });
    const { simulation } = pump;
    const began = simulation.now();
    let fired = false;
    simulation.callLater(60_000, () => {
      fired = true;
    });
    client.transport.write('x');
    pump.flush();
    expect([client.text, fired]).toEqual(['x', false]);
    expect(simulation.now() - began).toBeGreaterThanOrEqual(10);
    pump.advance(60_000);
    expect(fired).toBe(true);
  });

  it('closes, half-closes and breaks as any connection', () => {
    const server = new HalfCloseRecorder({
      readConnectionLost: (self) => self.call('loseConnection'),
    });
    const client = new HalfCloseRecorder();
    const pump = joinProtocols(server, client);
    client.call('loseWriteConnection');
    pump.flush();
    expect(server.reason).toBeInstanceOf(ConnectionDone);
    expect(client.log).toEqual(['connectionMade', 'writeConnectionLost', 'readConnectionLost']);
    const [one, other] = [new Recorder(), new Recorder()];
    joinProtocols(one, other).disconnect();
    expect([one.reason, other.reason]).toEqual([
      expect.any(ConnectionLost),
      expect.any(ConnectionLost),
    ]);
  });

  it('throws errors of a protocol', () => {
    const server = new Recorder({
      dataReceived: () => {
        throw new Error('a bug');
      },
    });
    const client = new Recorder();
    const pump = joinProtocols(server, client);
    client.transport.write('x');
    expect(() => pump.flush()).toThrow('a bug');
    expect(() =>
      joinProtocols(
        new Recorder({
          connectionMade: () => {
            throw new Error('at once');
          },
        }),
        new Recorder(),
      ),
    ).toThrow('at once');
  });

  it('reports a connection that was closed at once', () => {
    const server = new Recorder({ connectionMade: (self) => self.call('abortConnection') });
    expect(() => joinProtocols(server, new Recorder())).toThrow(TestTransportStateError);
  });

  it('gives up on protocols that never come to rest', () => {
    const client = new Recorder({
      connectionMade: (self) => self.call('write', 'x'),
      dataReceived: (data, self) => self.call('write', data),
    });
    const pump = joinProtocols(echo(), client);
    expect(() => pump.flush()).toThrow(SimulationLimitError);
  });
});
