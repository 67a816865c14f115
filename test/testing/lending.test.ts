/** The testing kit lends to protocols that accept lent bytes, and gives to all others. */
import { afterEach, describe, expect, it } from 'vitest';
import { IPv4Address } from '../../src/core/address.js';
import type { DatagramHandlers } from '../../src/core/datagram.js';
import { LentBytesTransferredError } from '../../src/core/errors/connection.js';
import { Protocol } from '../../src/core/protocol.js';
import { LARGE_WRITE_BYTES } from '../../src/core/transport.js';
import { POISON_BYTE } from '../../src/internal/lent-bytes.js';
import { ProtocolWrapper } from '../../src/policies/protocol-wrapper.js';
import { AccumulatingProtocol } from '../../src/testing/accumulating-protocol.js';
import { joinProtocols } from '../../src/testing/io-pump.js';
import { lend } from '../../src/testing/lending.js';
import { flushLoggedErrors } from '../../src/testing/logged-errors.js';
import { MemoryReactor } from '../../src/testing/memory-reactor.js';
import type { MemoryUDPPort } from '../../src/testing/memory-records.js';
import { MemoryTransport } from '../../src/testing/memory-transport.js';
import { takeViolations } from '../support/recorder.js';

afterEach(() => expect(takeViolations(), 'rules broken').toEqual([]));

/** Keeps the Buffers that it is told of, and what they held then. */
class Keeper extends Protocol {
  override readonly acceptsLentBytes: boolean;
  readonly kept: Buffer[] = [];
  readonly read: string[] = [];
  onData: (data: Buffer) => void = () => {};

  constructor(acceptsLentBytes: boolean) {
    super();
    this.acceptsLentBytes = acceptsLentBytes;
  }

  override dataReceived(data: Buffer): void {
    this.kept.push(data);
    this.read.push(data.toString());
    this.onData(data);
  }
}

const isPoison = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === POISON_BYTE);

type Receive = (protocol: Keeper | ProtocolWrapper, ...texts: string[]) => void;

const WAYS: readonly [name: string, receive: Receive][] = [
  [
    'a memory transport',
    (protocol, ...texts) => {
      const transport = new MemoryTransport();
      transport.connect(protocol);
      for (const text of texts) transport.receive(text);
    },
  ],
  [
    'a simulated connection',
    (protocol, ...texts) => {
      const peer = new AccumulatingProtocol();
      const pump = joinProtocols(peer, protocol);
      for (const text of texts) {
        peer.transport.write(text);
        pump.flush();
      }
    },
  ],
];

describe.each(WAYS)('%s', (_name, receive) => {
  it('lends to a protocol that accepts lent bytes, and overwrites them', () => {
    const protocol = new Keeper(true);
    receive(protocol, 'one', 'two');
    expect(protocol.read).toEqual(['one', 'two']);
    expect(protocol.kept.every(isPoison)).toBe(true);
  });

  it('lends what is not alone in its memory', () => {
    const protocol = new Keeper(true);
    protocol.onData = (data) => {
      expect(data.byteOffset).toBeGreaterThan(0);
      expect(data.buffer.byteLength).toBeGreaterThan(data.byteOffset + data.byteLength);
    };
    receive(protocol, 'one');
    expect(protocol.read).toEqual(['one']);
  });

  it('gives bytes of its own to any other', () => {
    const protocol = new Keeper(false);
    receive(protocol, 'one', 'two');
    expect(protocol.kept.map(String)).toEqual(['one', 'two']);
    for (const data of protocol.kept) expect(data.buffer.byteLength).toBe(3);
  });

  it('asks at each delivery', () => {
    const protocol = new Keeper(true);
    let asked = 0;
    Object.defineProperty(protocol, 'acceptsLentBytes', { get: () => ++asked % 2 === 0 });
    receive(protocol, 'one', 'two', 'three');
    expect(protocol.kept.map(isPoison)).toEqual([false, true, false]);
  });

  it('continues when given bytes are transferred, and ends when lent ones are', () => {
    const transferring = (lent: boolean): Keeper => {
      const protocol = new Keeper(lent);
      protocol.onData = ({ buffer }) => {
        structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
      };
      return protocol;
    };
    const given = transferring(false);
    receive(given, 'one', 'two');
    expect(given.read).toEqual(['one', 'two']);

    const lent = transferring(true);
    const errors: unknown[] = [];
    try {
      receive(lent, 'one', 'two');
    } catch (error) {
      errors.push(error); // the pump throws what is reported
    }
    errors.push(...flushLoggedErrors(LentBytesTransferredError).map(({ error }) => error));
    expect(errors).toEqual([expect.any(LentBytesTransferredError)]);
    expect(lent.read).toEqual(['one']);
  });

  it('lends through a wrapper what the wrapped protocol accepts', () => {
    for (const lent of [true, false]) {
      const protocol = new Keeper(lent);
      const wrapper = new ProtocolWrapper(protocol);
      receive(wrapper, 'one');
      expect([wrapper.acceptsLentBytes, protocol.kept.map(isPoison)]).toEqual([lent, [lent]]);
    }
  });
});

it('lends and overwrites what a paused transport has held', () => {
  const transport = new MemoryTransport();
  const protocol = transport.connect(new Keeper(true));
  protocol.onData = () => transport.pauseProducing();
  transport.receive('one');
  transport.receive('two');
  transport.resumeProducing();
  transport.settle();
  expect(protocol.read).toEqual(['one', 'two']);
  expect(protocol.kept.every(isPoison)).toBe(true);
});

it('sends by a simulated transport what was lent when it was written, whatever its size', () => {
  const data = Buffer.alloc(3 * LARGE_WRITE_BYTES, 'lent data ');
  const source = new AccumulatingProtocol();
  const relay = new Keeper(true);
  relay.onData = (lent) => relay.transport.write(lent);
  const pump = joinProtocols(relay, source, { latencyMs: 5 });
  source.transport.write(data);
  pump.flush();
  expect(source.data.equals(data)).toBe(true);
});

it('delivers by a simulated transport what was sent, though its memory is used again', () => {
  const memory = Buffer.alloc(LARGE_WRITE_BYTES, 'a');
  const [server, client] = [new AccumulatingProtocol(), new AccumulatingProtocol()];
  const pump = joinProtocols(server, client, { latencyMs: 5 });
  client.transport.write(memory);
  while (pump.clientTransport.bufferedBytes > 0) pump.pump();
  memory.fill('b');
  pump.flush();
  expect(server.data.equals(Buffer.alloc(LARGE_WRITE_BYTES, 'a'))).toBe(true);
});

it('lends no longer where what takes lent bytes throws', () => {
  let kept: Buffer | undefined;
  const take = (data: Buffer): void => {
    kept = data;
    throw new Error('no');
  };
  expect(() => lend(Buffer.from('one'), take)).toThrow('no');
  expect(isPoison(kept as Buffer)).toBe(true);
});

describe('a UDP port in memory', () => {
  function received(handlers: DatagramHandlers): MemoryUDPPort {
    const reactor = new MemoryReactor();
    reactor.listenUDP(53, handlers);
    const port = reactor.udpPorts[0] as MemoryUDPPort;
    port.receive('question', new IPv4Address('UDP', '192.0.2.9', 1));
    return port;
  }

  it.each([true, false])('lends datagrams to those who accept them: %s', (lent) => {
    const kept: Buffer[] = [];
    const read: string[] = [];
    const datagramReceived = (data: Buffer): void => {
      kept.push(data);
      read.push(data.toString());
    };
    received({ acceptsLentBytes: lent, datagramReceived });
    expect(read).toEqual(['question']);
    expect(kept.map(isPoison)).toEqual([lent]);
  });

  it('sends what was lent when it was written', () => {
    const port = received({
      acceptsLentBytes: true,
      datagramReceived: (data, from, transport) => transport.write(data, from),
    });
    expect(port.written.map(({ data }) => data.toString())).toEqual(['question']);
  });
});
