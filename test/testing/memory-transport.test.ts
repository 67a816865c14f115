import { afterEach, describe, expect, it } from 'vitest';
import { IPv4Address } from '../../src/core/address.js';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import {
  ConnectionAborted,
  ConnectionDone,
  ConnectionLost,
} from '../../src/core/errors/connection.js';
import { HIGH_WATER_MARK_BYTES } from '../../src/core/transport.js';
import { MAX_SETTLE_TURNS, MemoryTransport } from '../../src/testing/memory-transport.js';
import {
  SimulationLimitError,
  TestTransportStateError,
} from '../../src/testing/simulation/errors.js';
import { HalfCloseRecorder, Recorder, takeViolations } from '../support/recorder.js';

afterEach(() => expect(takeViolations(), 'rules broken').toEqual([]));

interface Log {
  readonly calls: string[];
  pauseProducing(): void;
  resumeProducing(): void;
  stopProducing(): void;
}

function producer(): Log {
  const calls: string[] = [];
  return {
    calls,
    pauseProducing: () => void calls.push('pause'),
    resumeProducing: () => void calls.push('resume'),
    stopProducing: () => void calls.push('stop'),
  };
}

describe('MemoryTransport', () => {
  it('keeps written bytes, in order', () => {
    const transport = new MemoryTransport();
    transport.connect(new Recorder({ connectionMade: (self) => self.transport.write('Grüße') }));
    transport.writeSequence([Buffer.from(', '), 'Welt']);
    expect(transport.text).toBe('Grüße, Welt');
    expect(transport.takeWritten().toString()).toBe('Grüße, Welt');
    expect(transport.written.byteLength).toBe(0);
    transport.write('more');
    transport.clear();
    expect(transport.text).toBe('');
  });

  it('keeps a copy of written bytes', () => {
    const transport = new MemoryTransport();
    const data = Buffer.alloc(100_000, 1);
    transport.write(data);
    data.fill(2);
    expect(transport.written.every((byte) => byte === 1)).toBe(true);
  });

  it('refuses data that is neither bytes nor text', () => {
    const transport = new MemoryTransport();
    expect(() => transport.write(7 as never)).toThrow(InvalidArgumentTypeError);
    expect(() => transport.receive(null as never)).toThrow(InvalidArgumentTypeError);
    expect(() => new MemoryTransport({ capacity: -1 })).toThrow(InvalidArgumentValueError);
    expect(() => transport.drain(0.5)).toThrow(InvalidArgumentValueError);
  });

  it('has the addresses and the options that it was given', () => {
    const peer = new IPv4Address('TCP', '198.51.100.7', 1234);
    const transport = new MemoryTransport({ peer });
    expect(transport.getPeer()).toBe(peer);
    expect(String(transport.getHost())).toBe('192.0.2.1:80');
    transport.setTcpNoDelay(false);
    transport.setTcpKeepAlive(true);
    expect([transport.getTcpNoDelay(), transport.getTcpKeepAlive()]).toEqual([false, true]);
  });

  it('delivers bytes received at once, in pieces of at most 64 KiB', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Recorder());
    const data = Buffer.alloc(150_000, 'abc');
    transport.receive(data);
    expect(protocol.chunks.map(({ byteLength }) => byteLength)).toEqual([65_536, 65_536, 18_928]);
    expect(protocol.received.equals(data)).toBe(true);
  });

  it('delivers bytes received inside a callback in a later turn', () => {
    const transport = new MemoryTransport();
    const protocol = new Recorder({
      dataReceived: (data) => {
        if (data.toString() === 'one') transport.receive('two');
      },
    });
    transport.connect(protocol);
    transport.receive('one');
    transport.settle();
    expect(protocol.chunks.map(String)).toEqual(['one', 'two']);
  });

  it('holds bytes received while the protocol is paused', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new HalfCloseRecorder());
    protocol.call('pauseProducing');
    transport.receive('held');
    transport.peerCloses();
    transport.settle();
    expect(transport.paused).toBe(true);
    expect(protocol.log).toEqual(['connectionMade']);
    protocol.call('resumeProducing');
    transport.settle();
    expect(protocol.log).toEqual(['connectionMade', 'dataReceived', 'readConnectionLost']);
  });

  it('stops between two pieces if the protocol pauses', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(
      new Recorder({ dataReceived: (_data, self) => self.call('pauseProducing') }),
    );
    transport.receive(Buffer.alloc(100_000));
    expect(protocol.receivedBytes).toBe(65_536);
    protocol.call('resumeProducing');
    transport.settle();
    expect(protocol.receivedBytes).toBe(100_000);
  });
});

describe('the end of a MemoryTransport', () => {
  it('comes a turn after loseConnection', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(
      new Recorder({
        dataReceived: (_data, self) => {
          self.call('write', 'bye');
          self.call('loseConnection');
        },
      }),
    );
    transport.receive('x');
    transport.receive('dropped');
    transport.peerCloses();
    expect([transport.disconnecting, transport.connected, transport.peerSees]).toEqual([
      true,
      true,
      'open',
    ]);
    transport.settle();
    expect(protocol.reason).toBeInstanceOf(ConnectionDone);
    expect([transport.disconnecting, transport.connected, transport.peerSees]).toEqual([
      false,
      false,
      'end',
    ]);
    expect(transport.text).toBe('bye');
    expect(protocol.text).toBe('x');
  });

  it('comes a turn after abortConnection, and the peer sees a reset', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Recorder());
    protocol.call('abortConnection');
    expect(protocol.lostCount).toBe(0);
    expect(transport.peerSees).toBe('reset');
    transport.settle();
    expect(protocol.reason).toBeInstanceOf(ConnectionAborted);
  });

  it("follows the peer's for a protocol that cannot be half-closed", () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Recorder());
    transport.receive('last');
    transport.peerCloses();
    expect(protocol.log).toEqual([
      'connectionMade',
      'dataReceived',
      'connectionLost ConnectionDone',
    ]);
    expect(() => transport.receive('more')).toThrow(TestTransportStateError);
  });

  it('is broken by a reset, with its cause', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Recorder());
    transport.peerResets();
    transport.peerResets();
    expect(protocol.reason).toBeInstanceOf(ConnectionLost);
    expect(protocol.reason?.cause).toMatchObject({ code: 'ECONNRESET' });
    expect(protocol.lostCount).toBe(1);
  });

  it('waits for the callback in which the reset came', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(
      new Recorder({ dataReceived: () => transport.peerResets() }),
    );
    transport.receive('x');
    expect(protocol.lostCount).toBe(0);
    transport.settle();
    expect(protocol.lostCount).toBe(1);
  });

  it('is what the protocol threw, which is reported', () => {
    const reports: unknown[] = [];
    const transport = new MemoryTransport({ reportError: (error) => reports.push(error) });
    const failure = new Error('a bug');
    const protocol = transport.connect(
      new Recorder({
        dataReceived: () => {
          throw failure;
        },
      }),
    );
    transport.receive('x');
    transport.settle();
    expect(protocol.reason).toBe(failure);
    expect(reports).toEqual([failure]);
  });

  it('is quiet if no protocol is connected', () => {
    const transport = new MemoryTransport();
    transport.write('x');
    transport.loseConnection();
    transport.settle();
    expect(transport.connected).toBe(false);
    transport.write('dropped');
    expect(transport.text).toBe('x');
  });
});

describe('half-closing a MemoryTransport', () => {
  it('is called when everything is sent; receiving continues', () => {
    const transport = new MemoryTransport({ capacity: 4 });
    const protocol = transport.connect(new HalfCloseRecorder());
    protocol.call('write', 'eight by');
    protocol.call('loseWriteConnection');
    protocol.call('write', 'dropped');
    transport.settle();
    expect(protocol.log).toEqual(['connectionMade']);
    transport.drain();
    expect(protocol.log).toEqual(['connectionMade', 'writeConnectionLost']);
    expect([transport.text, transport.peerSees]).toEqual(['eight by', 'end']);
    transport.receive('still here');
    expect(protocol.text).toBe('still here');
  });
});

describe('producers on a MemoryTransport', () => {
  it('are paused above the high-water mark and resumed once all is sent', () => {
    const transport = new MemoryTransport({ capacity: 10_000 });
    const push = producer();
    transport.registerProducer(push, true);
    expect([transport.registeredProducer, transport.streaming]).toEqual([push, true]);
    transport.write(Buffer.alloc(HIGH_WATER_MARK_BYTES));
    expect(push.calls).toEqual([]);
    transport.write('x');
    expect(push.calls).toEqual(['pause']);
    transport.settle();
    expect([transport.bufferedBytes, transport.producerPaused]).toEqual([55_537, true]);
    transport.drain(20_000);
    expect([transport.bufferedBytes, push.calls]).toEqual([35_537, ['pause']]);
    transport.drain();
    expect([transport.bufferedBytes, push.calls]).toEqual([0, ['pause', 'resume']]);
  });

  it('that are pulled are called again each time no bytes wait', () => {
    const transport = new MemoryTransport();
    let left = 3;
    transport.registerProducer(
      {
        resumeProducing: () => {
          transport.write(String(left));
          left -= 1;
          if (left === 0) transport.unregisterProducer();
        },
        stopProducing() {},
      },
      false,
    );
    expect(transport.text).toBe('3');
    transport.turn();
    expect(transport.text).toBe('32');
    transport.settle();
    expect(transport.text).toBe('321');
  });

  it('without end are reported by settle', () => {
    const transport = new MemoryTransport();
    let calls = 0;
    transport.registerProducer(
      {
        resumeProducing: () => {
          calls += 1;
          transport.write('x');
        },
        stopProducing() {},
      },
      false,
    );
    expect(() => transport.settle()).toThrow(SimulationLimitError);
    expect(calls).toBeGreaterThanOrEqual(MAX_SETTLE_TURNS);
  });

  it('hold a closing connection open until they unregister', () => {
    const transport = new MemoryTransport();
    const protocol = transport.connect(new Recorder());
    const push = producer();
    transport.registerProducer(push, true);
    protocol.call('loseConnection');
    protocol.call('write', 'the rest');
    transport.settle();
    expect(protocol.lostCount).toBe(0);
    protocol.call('unregisterProducer');
    transport.settle();
    expect(protocol.reason).toBeInstanceOf(ConnectionDone);
    expect(transport.text).toBe('the rest');
    expect(push.calls).toEqual([]);
  });

  it('are stopped when the connection is lost', () => {
    const transport = new MemoryTransport();
    const push = producer();
    transport.registerProducer(push, true);
    transport.peerResets();
    expect(push.calls).toEqual(['stop']);
  });
});
