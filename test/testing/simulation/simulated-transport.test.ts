/** The rules of transports, over a simulated network; what is said of TCP holds of it too. */
import { afterEach, describe, expect, it } from 'vitest';
import { InvalidArgumentTypeError } from '../../../src/core/errors/arguments.js';
import {
  CONNECTION_DONE,
  ConnectionAborted,
  ConnectionDone,
  ConnectionLost,
} from '../../../src/core/errors/connection.js';
import type { TCPTransport } from '../../../src/core/transport.js';
import { expectInput } from '../../../src/internal/expects-input.js';
import {
  LINGER_BYTES,
  LINGER_MS,
  LINGER_QUIET_MS,
} from '../../../src/reactor/streams/lingering.js';
import { LoopingCall } from '../../../src/task/looping-call.js';
import { CHOPPY } from '../../../src/testing/simulation/faults.js';
import { HalfCloseRecorder, Recorder, takeViolations } from '../../support/recorder.js';
import { connectedPair, numbered } from './pairs.js';

/** A window of 64 KiB for each round trip of 2 ms. */
const BYTES_PER_MS = 32_768;

afterEach(() => expect(takeViolations(), 'rules broken').toEqual([]));

function countingProducer(): { calls: string[]; producer: Record<string, () => void> } {
  const calls: string[] = [];
  return {
    calls,
    producer: {
      pauseProducing: () => void calls.push('pause'),
      resumeProducing: () => void calls.push('resume'),
      stopProducing: () => void calls.push('stop'),
    },
  };
}

describe('a simulated transport', () => {
  it('carries bytes both ways, in order, whatever the pieces', () => {
    const { simulation, client, server } = connectedPair({ seed: 11, faults: CHOPPY });
    const [request, response] = [numbered(100_000), numbered(70_000)];
    client.transport.write(request.subarray(0, 50_000));
    client.transport.writeSequence([request.subarray(50_000, 50_001), request.subarray(50_001)]);
    server.transport.write(response);
    simulation.runSync();
    expect(server.received.equals(request)).toBe(true);
    expect(client.received.equals(response)).toBe(true);
    expect(server.chunks.length).toBeGreaterThan(10);
  });

  it('delivers at most 64 KiB at once', () => {
    const faults = { receiveWindowBytes: 1_000_000, sendBufferBytes: 1_000_000 };
    const { simulation, client, server } = connectedPair({ faults });
    server.transport.pauseProducing();
    client.transport.write(numbered(300_000));
    simulation.runSync();
    server.transport.resumeProducing();
    simulation.runSync();
    expect(server.receivedBytes).toBe(300_000);
    expect(Math.max(...server.chunks.map(({ length }) => length))).toBe(65_536);
  });

  it('knows both ends', () => {
    const { client, server } = connectedPair();
    expect(String(client.transport.getPeer())).toBe('10.0.0.1:80');
    expect(String(client.transport.getHost())).toBe('10.0.0.2:40001');
    expect(String(server.transport.getPeer())).toBe('10.0.0.2:40001');
    expect(String(server.transport.getHost())).toBe('10.0.0.1:80');
  });

  it('remembers the options that make no difference', () => {
    const transport = connectedPair().client.transport as TCPTransport;
    expect([transport.getTcpNoDelay(), transport.getTcpKeepAlive()]).toEqual([true, false]);
    transport.setTcpNoDelay(false);
    transport.setTcpKeepAlive(true);
    expect([transport.getTcpNoDelay(), transport.getTcpKeepAlive()]).toEqual([false, true]);
    expect(() => transport.setTcpNoDelay(1 as never)).toThrow(InvalidArgumentTypeError);
    expect(() => transport.write(1 as never)).toThrow(InvalidArgumentTypeError);
  });

  it('ends one connection if a callback throws, and the others continue', () => {
    const failure = new Error('a bug');
    const reports: unknown[] = [];
    const { simulation, client, server } = connectedPair(
      { reportError: (error) => reports.push(error) },
      new Recorder(),
      new Recorder({
        dataReceived: () => {
          throw failure;
        },
      }),
    );
    client.transport.write('x');
    simulation.runSync();
    expect(server.reason).toBe(failure);
    expect(client.reason).toBeInstanceOf(ConnectionDone);
    expect(reports).toEqual([failure]);
    expect(simulation.errors).toEqual([failure]);
  });
});

describe('backpressure', () => {
  const small = { sendBufferBytes: 1000, receiveWindowBytes: 2000 };

  it('holds a writer to the buffers between it and a reader that has paused', () => {
    const { simulation, client, server } = connectedPair({ faults: small });
    server.call('pauseProducing');
    client.transport.write(numbered(10_000));
    expect(client.transport.bufferedBytes).toBe(10_000);
    simulation.runSync();
    expect(client.transport.bufferedBytes).toBe(7_000);
    server.call('resumeProducing');
    simulation.runSync();
    expect(client.transport.bufferedBytes).toBe(0);
    expect(server.received.equals(numbered(10_000))).toBe(true);
  });

  it('pauses a push producer above the high-water mark and resumes it once all is sent', () => {
    const { simulation, client, server } = connectedPair({ faults: small });
    const { calls, producer } = countingProducer();
    client.transport.registerProducer(producer as never, true);
    server.call('pauseProducing');
    client.transport.write(numbered(65_536));
    expect(calls).toEqual([]);
    client.transport.write('x');
    simulation.runSync();
    expect(calls).toEqual(['pause']);
    server.call('resumeProducing');
    simulation.runSync();
    expect(calls).toEqual(['pause', 'resume']);
    expect(server.receivedBytes).toBe(65_537);
  });

  it('calls a pull producer as fast as the reader reads', () => {
    const { simulation, client, server } = connectedPair({ faults: small });
    let pieces = 0;
    client.transport.registerProducer(
      {
        resumeProducing: () => {
          client.transport.write(numbered(500));
          pieces += 1;
          if (pieces === 40) client.transport.unregisterProducer();
        },
        stopProducing() {},
      },
      false,
    );
    server.call('pauseProducing');
    simulation.runSync();
    expect(pieces).toBeLessThan(10);
    server.call('resumeProducing');
    simulation.runSync();
    expect(server.receivedBytes).toBe(20_000);
  });

  it('stops the producer of a connection that is lost', () => {
    const { simulation, client, connection } = connectedPair();
    const { calls, producer } = countingProducer();
    client.transport.registerProducer(producer as never, true);
    connection.reset();
    simulation.runSync();
    expect(calls).toEqual(['stop']);
  });
});

describe('closing', () => {
  it('sends all written bytes, then ends cleanly at both ends', () => {
    const faults = { sendBufferBytes: 100, receiveWindowBytes: 100 };
    const { simulation, client, server } = connectedPair({ faults });
    client.transport.write(numbered(5_000));
    client.call('loseConnection');
    expect(client.lostCount).toBe(0);
    simulation.runSync();
    expect(server.received.equals(numbered(5_000))).toBe(true);
    expect(client.reason).toBeInstanceOf(ConnectionDone);
    expect(server.reason).toBeInstanceOf(ConnectionDone);
    expect(simulation.connections).toEqual([]);
  });

  it('waits for a registered producer', () => {
    const { simulation, client, server } = connectedPair();
    const { calls, producer } = countingProducer();
    client.transport.registerProducer(producer as never, true);
    client.call('loseConnection');
    simulation.runSync();
    expect(client.lostCount).toBe(0);
    client.transport.write('last words');
    simulation.runSync();
    expect([server.text, client.lostCount]).toEqual(['last words', 0]);
    client.call('unregisterProducer');
    simulation.runSync();
    expect(client.reason).toBeInstanceOf(ConnectionDone);
    expect(server.text).toBe('last words');
    expect(calls).toEqual([]);
  });

  it('by abort drops waiting bytes, and the peer is reset', () => {
    const { simulation, client, server } = connectedPair();
    client.transport.write('never sent');
    client.call('abortConnection');
    expect(client.lostCount).toBe(0);
    simulation.runSync();
    expect(client.reason).toBeInstanceOf(ConnectionAborted);
    expect(server.reason).toBeInstanceOf(ConnectionLost);
    expect(server.reason?.cause).toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
    expect(server.text).toBe('');
  });

  it('with lingerSeconds 0 is a reset', () => {
    const { simulation, client, server } = connectedPair({}, undefined, undefined, {
      lingerSeconds: 0,
    });
    client.call('loseConnection');
    simulation.runSync();
    expect(client.reason).toBeInstanceOf(ConnectionDone);
    expect(server.reason).toBeInstanceOf(ConnectionLost);
  });

  it('with data unread lingers until the peer has ended', () => {
    const { simulation, client, server } = connectedPair({}, new HalfCloseRecorder());
    server.call('pauseProducing');
    client.transport.write('never read');
    simulation.runSync();
    server.call('write', 'good-bye');
    server.call('loseConnection');
    simulation.runSync(() => client.log.includes('readConnectionLost'));
    client.transport.write('never read either');
    client.call('loseConnection');
    simulation.runSync();
    expect([server.reason, client.reason]).toEqual([CONNECTION_DONE, CONNECTION_DONE]);
    expect([client.text, server.text]).toEqual(['good-bye', '']);
  });

  it('lingers if the protocol expects input', () => {
    const { simulation, client, server } = connectedPair({}, new HalfCloseRecorder());
    expectInput(server.transport);
    server.call('loseConnection');
    simulation.runSync(() => client.log.includes('readConnectionLost'));
    client.transport.write('late');
    client.call('loseConnection');
    simulation.runSync();
    expect([server.reason, client.reason]).toEqual([CONNECTION_DONE, CONNECTION_DONE]);
  });

  it.each([
    ['5 s without input', 10_000, 1, LINGER_QUIET_MS],
    ['30 s', 1_000, 1, LINGER_MS],
    ['64 MiB', 1, 100_000, LINGER_BYTES / BYTES_PER_MS],
  ])('lingers for %s at most', (_limit, everyMs, bytes, expectedMs) => {
    const { simulation, client, server, clientHost } = connectedPair({}, new HalfCloseRecorder());
    expectInput(server.transport);
    server.call('loseConnection');
    const begun = clientHost.now();
    const send = (): void => client.transport.write(Buffer.alloc(bytes));
    const sending = new LoopingCall(clientHost, send);
    sending.start(everyMs, false);
    simulation.runSync(() => server.lostCount > 0);
    const tookMs = clientHost.now() - begun;
    expect(server.reason).toBeInstanceOf(ConnectionDone);
    expect(tookMs).toBeGreaterThan(0.9 * expectedMs);
    expect(tookMs).toBeLessThan(1.3 * expectedMs);
    simulation.runSync(() => client.lostCount > 0);
    expect(client.reason).toBeInstanceOf(ConnectionLost);
    sending.stop();
  });

  it('ends its lingering by abort', () => {
    const { simulation, client, server } = connectedPair({}, new HalfCloseRecorder());
    expectInput(server.transport);
    server.call('loseConnection');
    simulation.runSync(() => client.log.includes('readConnectionLost'));
    server.call('abortConnection');
    simulation.runSync();
    expect(server.reason).toBeInstanceOf(ConnectionAborted);
    expect(client.reason).toBeInstanceOf(ConnectionLost);
    expect(simulation.getDelayedCalls()).toEqual([]);
  });

  it('lingers after an exception, for the sake of the peer', () => {
    const error = new Error('no');
    const reports: unknown[] = [];
    const { simulation, client, server } = connectedPair(
      { reportError: (reported) => reports.push(reported) },
      new HalfCloseRecorder(),
      new Recorder({
        dataReceived: (_data, self) => {
          self.call('write', 'answer');
          expectInput(self.transport);
          throw error;
        },
      }),
    );
    client.transport.write(Buffer.alloc(60_000));
    simulation.runSync(() => server.lostCount > 0);
    expect(server.reason).toBe(error);
    expect(reports).toEqual([error]);
    client.transport.write(Buffer.alloc(60_000));
    simulation.runSync(() => client.text === 'answer');
    client.call('loseConnection');
    simulation.runSync();
    expect(client.reason).toBeInstanceOf(ConnectionDone);
  });

  it('resets a peer that sends to a closed end', () => {
    const { simulation, client, server } = connectedPair({}, new HalfCloseRecorder());
    server.call('loseConnection');
    simulation.runSync();
    expect(client.log).toEqual(['connectionMade', 'readConnectionLost']);
    client.transport.write('too late');
    simulation.runSync();
    expect(client.reason).toBeInstanceOf(ConnectionLost);
  });

  it('loses received, unread bytes when the peer resets', () => {
    const { simulation, client, server } = connectedPair();
    server.call('pauseProducing');
    client.transport.write('lost');
    simulation.runSync();
    client.call('abortConnection');
    simulation.runSync();
    expect(server.log).toEqual(['connectionMade', 'connectionLost ConnectionLost']);
  });
});

describe('half-closing', () => {
  it('lets the other direction go on', () => {
    const { simulation, client, server } = connectedPair(
      { seed: 3, faults: CHOPPY },
      new HalfCloseRecorder({ readConnectionLost: (self) => self.call('loseConnection') }),
      new HalfCloseRecorder({
        readConnectionLost: (self) => {
          self.call('write', `${self.receivedBytes} bytes`);
          self.call('loseConnection');
        },
      }),
    );
    client.transport.write(numbered(20_000));
    client.call('loseWriteConnection');
    client.call('write', 'dropped');
    simulation.runSync();
    expect(client.text).toBe('20000 bytes');
    expect(client.log).toEqual([
      'connectionMade',
      'writeConnectionLost',
      'dataReceived',
      'readConnectionLost',
      'connectionLost ConnectionDone',
    ]);
    expect(server.reason).toBeInstanceOf(ConnectionDone);
  });

  it('is called once all written bytes have been sent', () => {
    const faults = { sendBufferBytes: 1000, receiveWindowBytes: 1000 };
    const { simulation, client, server } = connectedPair({ faults }, new HalfCloseRecorder());
    server.call('pauseProducing');
    client.transport.write(numbered(10_000));
    client.call('loseWriteConnection');
    simulation.runSync();
    expect(client.log).toEqual(['connectionMade']);
    server.call('resumeProducing');
    simulation.runSync();
    expect(client.log).toContain('writeConnectionLost');
    expect(server.receivedBytes).toBe(10_000);
  });

  it('waits for a paused reader', () => {
    const { simulation, client, server } = connectedPair({}, undefined, new HalfCloseRecorder());
    server.call('pauseProducing');
    client.transport.write('held');
    client.call('loseWriteConnection');
    simulation.runSync();
    expect(server.log).toEqual(['connectionMade']);
    server.call('resumeProducing');
    simulation.runSync();
    expect(server.log).toEqual(['connectionMade', 'dataReceived', 'readConnectionLost']);
  });
});
