import { describe, expect, it } from 'vitest';
import { ProducerRegisteredError } from '../../src/core/errors/connection.js';
import type { StreamProtocol } from '../../src/core/stream-protocol.js';
import {
  ConsumerToProtocolAdapter,
  ProtocolToConsumerAdapter,
} from '../../src/framing/consumer-adapters.js';
import { FileSender } from '../../src/framing/file-sender.js';
import { AccumulatingProtocol } from '../../src/testing/accumulating-protocol.js';
import { MemoryTransport } from '../../src/testing/memory-transport.js';

const IDLE = { pauseProducing() {}, resumeProducing() {}, stopProducing() {} };

describe('ProtocolToConsumerAdapter', () => {
  it('passes written data to its protocol, in memory of its own', () => {
    const protocol = new AccumulatingProtocol();
    const consumer = new ProtocolToConsumerAdapter(protocol);
    const bytes = Buffer.from('one');
    consumer.write(bytes);
    bytes.fill(0);
    consumer.write('é');
    expect(protocol.text).toBe('oneé');
    expect(() => consumer.write(7 as never)).toThrow(TypeError);
  });

  it('lends the bytes to a protocol that accepts that', () => {
    const seen: Buffer[] = [];
    const consumer = new ProtocolToConsumerAdapter({
      acceptsLentBytes: true,
      dataReceived: (data) => void seen.push(data),
    });
    const bytes = new Uint8Array([0, 1, 2]).subarray(1);
    consumer.write(bytes);
    expect(seen).toEqual([Buffer.of(1, 2)]);
    expect(seen[0]?.buffer).toBe(bytes.buffer);
  });

  it('asks a pull producer until it has no more', async () => {
    const protocol = new AccumulatingProtocol();
    const consumer = new ProtocolToConsumerAdapter(protocol);
    async function* source(): AsyncGenerator<string> {
      yield* ['one', 'two'];
    }
    expect(await new FileSender().beginFileTransfer(source(), consumer)).toBe(6);
    expect(protocol.text).toBe('onetwo');
  });

  it('asks without depth, however many pieces come at once', () => {
    const protocol = new AccumulatingProtocol();
    const consumer = new ProtocolToConsumerAdapter(protocol);
    let left = 50_000;
    const producer = {
      resumeProducing: () => {
        consumer.write('x');
        left -= 1;
        if (left === 0) consumer.unregisterProducer();
      },
      stopProducing: () => {},
    };
    consumer.registerProducer(producer, false);
    expect(protocol.text).toHaveLength(50_000);
  });

  it('lets a push producer write as it likes, one at a time', () => {
    const consumer = new ProtocolToConsumerAdapter(new AccumulatingProtocol());
    consumer.registerProducer(IDLE, true);
    consumer.write('x');
    expect(() => consumer.registerProducer(IDLE, true)).toThrow(ProducerRegisteredError);
    consumer.unregisterProducer();
    consumer.registerProducer(IDLE, false);
  });

  it('throws the errors of its protocol, and refuses values that are not protocols', () => {
    const error = new Error('bad data');
    const consumer = new ProtocolToConsumerAdapter({
      dataReceived: () => {
        throw error;
      },
    });
    expect(() => consumer.write('x')).toThrow(error);
    expect(() => new ProtocolToConsumerAdapter(undefined as never)).toThrow(TypeError);
    expect(() => new ProtocolToConsumerAdapter({} as never)).toThrow(TypeError);
  });
});

describe('ConsumerToProtocolAdapter', () => {
  /** A connection whose data goes out over another. */
  function relay(): { inwards: MemoryTransport; outwards: MemoryTransport } {
    const outwards = new MemoryTransport({ capacity: 0 });
    const inwards = new MemoryTransport();
    inwards.connect(new ConsumerToProtocolAdapter(outwards) as StreamProtocol);
    return { inwards, outwards };
  }

  it('writes what it receives to its consumer', () => {
    const { inwards, outwards } = relay();
    inwards.receive('one');
    inwards.receive('two');
    expect(outwards.text).toBe('onetwo');
  });

  it('makes the peer wait while the consumer accepts no more', () => {
    const { inwards, outwards } = relay();
    inwards.receive(Buffer.alloc(65_536));
    expect(inwards.paused).toBe(false);
    inwards.receive('x');
    expect(inwards.paused).toBe(true);
    outwards.drain();
    expect(inwards.paused).toBe(false);
  });

  it('unregisters from its consumer when the connection ends', () => {
    const { inwards, outwards } = relay();
    outwards.loseConnection();
    outwards.settle();
    expect(outwards.connected).toBe(true);
    inwards.receive('last');
    inwards.peerCloses();
    inwards.settle();
    outwards.drain();
    outwards.settle();
    expect([outwards.connected, outwards.text]).toEqual([false, 'last']);
  });

  it('does not replace an existing producer of its consumer', () => {
    const consumer = new MemoryTransport();
    consumer.registerProducer(IDLE, true);
    const inwards = new MemoryTransport();
    inwards.connect(new ConsumerToProtocolAdapter(consumer) as StreamProtocol);
    inwards.receive('x');
    inwards.peerCloses();
    inwards.settle();
    expect(consumer.text).toBe('x');
    expect(consumer.registeredProducer).toBe(IDLE);
  });

  it('throws other errors of its consumer, and refuses values that are not consumers', () => {
    const error = new Error('no');
    const inwards = new MemoryTransport();
    const consumer = {
      write: () => {},
      registerProducer: () => {
        throw error;
      },
      unregisterProducer: () => {},
    };
    expect(() => new ConsumerToProtocolAdapter(consumer).makeConnection(inwards)).toThrow(error);
    expect(() => new ConsumerToProtocolAdapter(undefined as never)).toThrow(TypeError);
    expect(() => new ConsumerToProtocolAdapter({ write() {} } as never)).toThrow(TypeError);
  });
});
