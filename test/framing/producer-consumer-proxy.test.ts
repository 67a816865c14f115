import { describe, expect, it } from 'vitest';
import { ProducerRegisteredError } from '../../src/core/errors/connection.js';
import type { Consumer, PullProducer, PushProducer } from '../../src/core/producer.js';
import { LARGE_WRITE_BYTES } from '../../src/core/transport.js';
import { succeed } from '../../src/defer/succeed.js';
import { FileSender } from '../../src/framing/file-sender.js';
import {
  BasicProducerConsumerProxy,
  ProducerConsumerProxy,
  type ProducerConsumerProxyOptions,
} from '../../src/framing/producer-consumer-proxy.js';
import { lend } from '../../src/testing/lending.js';
import { MemoryTransport } from '../../src/testing/memory-transport.js';

/** Keeps a log of everything that it is told. */
class LoggingConsumer implements Consumer {
  readonly log: string[] = [];
  producer: PushProducer | PullProducer | undefined;
  onWrite: () => void = () => {};

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    this.producer = producer;
    this.log.push(streaming ? 'push' : 'pull');
  }

  unregisterProducer(): void {
    this.log.push('unregister');
  }

  write(data: Uint8Array | string): void {
    this.log.push(`write ${Buffer.from(data as string)}`);
    this.onWrite();
  }
}

class LoggingProducer implements PushProducer {
  readonly log: string[] = [];

  pauseProducing(): void {
    this.log.push('pause');
  }

  resumeProducing(): void {
    this.log.push('resume');
  }

  stopProducing(): void {
    this.log.push('stop');
  }
}

interface Between {
  readonly consumer: LoggingConsumer;
  readonly producer: LoggingProducer;
  readonly proxy: BasicProducerConsumerProxy;
}

function basic(streaming: boolean, producerStreams = true): Between {
  const consumer = new LoggingConsumer();
  const producer = new LoggingProducer();
  const proxy = new BasicProducerConsumerProxy(consumer, { streaming });
  if (producerStreams) proxy.registerProducer(producer, true);
  else proxy.registerProducer(producer, false);
  consumer.log.length = 0;
  return { consumer, producer, proxy };
}

function limited(options: ProducerConsumerProxyOptions): Between {
  const consumer = new LoggingConsumer();
  const producer = new LoggingProducer();
  const proxy = new ProducerConsumerProxy(consumer, options);
  proxy.registerProducer(producer, true);
  consumer.log.length = 0;
  return { consumer, producer, proxy };
}

// As test_pcp.py of Twisted 22.4 has it, for both classes.
describe.each([
  ['BasicProducerConsumerProxy', BasicProducerConsumerProxy],
  ['ProducerConsumerProxy', ProducerConsumerProxy],
])('%s', (_name, AnyProxy) => {
  it('registers with its consumer as a push producer, or as a pull producer', () => {
    const consumer = new LoggingConsumer();
    const proxy = new AnyProxy(consumer);
    expect(consumer.producer).toBe(proxy);
    expect(new AnyProxy(consumer, { streaming: false }).consumer).toBe(consumer);
    expect(consumer.log).toEqual(['push', 'pull']);
  });

  it('passes on written data, and the end', () => {
    const consumer = new LoggingConsumer();
    const producer = new LoggingProducer();
    const proxy = new AnyProxy(consumer);
    proxy.registerProducer(producer, true);
    expect(producer.log).toEqual([]);
    proxy.write('one');
    proxy.write(Buffer.from('two'));
    proxy.unregisterProducer();
    expect(consumer.log).toEqual(['push', 'write one', 'write two', 'unregister']);
  });

  it('keeps data written while it is paused, and sends it in one piece', () => {
    const consumer = new LoggingConsumer();
    const proxy = new AnyProxy(consumer);
    proxy.pauseProducing();
    proxy.write('o');
    proxy.write('ne');
    expect(proxy.bufferedBytes).toBe(3);
    expect(consumer.log).toEqual(['push']);
    proxy.resumeProducing();
    expect(proxy.bufferedBytes).toBe(0);
    expect(consumer.log).toEqual(['push', 'write one']);
  });

  it('signals the end after the last byte', () => {
    const consumer = new LoggingConsumer();
    const proxy = new AnyProxy(consumer);
    proxy.registerProducer(new LoggingProducer(), true);
    proxy.pauseProducing();
    proxy.write('one');
    proxy.unregisterProducer();
    expect(consumer.log).toEqual(['push']);
    proxy.resumeProducing();
    expect(consumer.log).toEqual(['push', 'write one', 'unregister']);
  });

  it('writes once each time that a pulling consumer asks', () => {
    const consumer = new LoggingConsumer();
    const proxy = new AnyProxy(consumer, { streaming: false });
    proxy.write('one');
    expect(consumer.log).toEqual(['pull']);
    proxy.resumeProducing();
    proxy.write('two');
    proxy.resumeProducing();
    proxy.resumeProducing();
    proxy.write('three');
    expect(consumer.log).toEqual(['pull', 'write one', 'write two', 'write three']);
  });

  it('stops its producer, and drops data written afterwards', () => {
    const consumer = new LoggingConsumer();
    const producer = new LoggingProducer();
    const proxy = new AnyProxy(consumer);
    proxy.registerProducer(producer, true);
    proxy.pauseProducing();
    proxy.write('one');
    producer.log.length = 0;
    proxy.stopProducing();
    proxy.write('two');
    proxy.resumeProducing();
    proxy.unregisterProducer();
    expect(producer.log).toEqual(['stop']);
    expect(consumer.log).toEqual(['push']);
    expect([proxy.consumer, proxy.bufferedBytes]).toEqual([undefined, 0]);
    proxy.registerProducer(producer, true);
    expect(producer.log).toEqual(['stop', 'stop']);
  });

  it('accepts one producer at a time, and another after that has unregistered', () => {
    const proxy = new AnyProxy(new LoggingConsumer());
    proxy.registerProducer(new LoggingProducer(), true);
    expect(() => proxy.registerProducer(new LoggingProducer(), true)).toThrow(
      ProducerRegisteredError,
    );
    proxy.unregisterProducer();
    proxy.registerProducer(new LoggingProducer(), true);
  });

  it('refuses invalid data and invalid options', () => {
    const consumer = new LoggingConsumer();
    expect(() => new AnyProxy(consumer).write(7 as never)).toThrow(TypeError);
    expect(() => new AnyProxy(consumer, null as never)).toThrow(TypeError);
    expect(() => new AnyProxy(consumer, { streaming: 1 as never })).toThrow(TypeError);
    expect(() => new AnyProxy(undefined as never)).toThrow(TypeError);
  });

  it('keeps bytes that were lent, or are changed after the write', () => {
    const transport = new MemoryTransport();
    const proxy = new AnyProxy(transport);
    proxy.pauseProducing();
    lend(Buffer.alloc(LARGE_WRITE_BYTES, 1), (bytes) => proxy.write(bytes));
    const small = Buffer.alloc(3, 2);
    proxy.write(small);
    small.fill(9);
    const large = new Uint8Array(LARGE_WRITE_BYTES).fill(3);
    proxy.write(large);
    proxy.resumeProducing();
    expect(new Set(transport.written)).toEqual(new Set([1, 2, 3]));
  });

  it('sends a file over a transport that takes little at a time', async () => {
    const transport = new MemoryTransport({ capacity: 10 });
    const proxy = new AnyProxy(transport);
    async function* source(): AsyncGenerator<string> {
      for (let i = 0; i < 10; i++) yield await succeed(`${i}`.repeat(20_000));
    }
    let sent: number | undefined;
    void new FileSender().beginFileTransfer(source(), proxy).addCallback((bytes) => {
      sent = bytes;
    });
    for (let round = 0; round < 200 && sent === undefined; round++) {
      await new Promise(setImmediate);
      transport.drain();
    }
    transport.drain();
    expect(sent).toBe(200_000);
    expect(transport.written.length).toBe(200_000);
    expect(transport.registeredProducer).toBeUndefined();
  });
});

describe('BasicProducerConsumerProxy', () => {
  it('passes pauses on, once each', () => {
    const { producer, proxy } = basic(true);
    proxy.pauseProducing();
    proxy.pauseProducing();
    proxy.write('x');
    expect(producer.log).toEqual(['pause']);
    proxy.resumeProducing();
    proxy.resumeProducing();
    expect(producer.log).toEqual(['pause', 'resume']);
  });

  it('pauses a producer that comes while it is paused', () => {
    const consumer = new LoggingConsumer();
    const producer = new LoggingProducer();
    const proxy = new BasicProducerConsumerProxy(consumer);
    proxy.pauseProducing();
    proxy.registerProducer(producer, true);
    expect(producer.log).toEqual(['pause']);
  });

  it('does not resume its producer where the buffer has filled the consumer again', () => {
    const { consumer, producer, proxy } = basic(true);
    consumer.onWrite = () => proxy.pauseProducing();
    proxy.write('one');
    proxy.write('two');
    proxy.resumeProducing();
    expect(producer.log).toEqual(['pause']);
    consumer.onWrite = () => {};
    proxy.resumeProducing();
    expect(producer.log).toEqual(['pause', 'resume']);
  });

  it('asks a pull producer again after each answer, until it is paused', () => {
    const consumer = new LoggingConsumer();
    const proxy = new BasicProducerConsumerProxy(consumer);
    consumer.onWrite = () => {
      if (consumer.log.length === 4) proxy.pauseProducing();
    };
    let asked = 0;
    const producer = {
      resumeProducing: () => proxy.write(String(asked++)),
      stopProducing: () => {},
    };
    proxy.registerProducer(producer, false);
    expect(consumer.log).toEqual(['push', 'write 0', 'write 1', 'write 2']);
    consumer.onWrite = () => proxy.unregisterProducer();
    proxy.resumeProducing();
    expect(consumer.log.slice(4)).toEqual(['write 3', 'unregister']);
  });

  it('does not ask a pull producer that has not answered yet', () => {
    const { producer, proxy } = basic(true, false);
    expect(producer.log).toEqual(['resume']);
    proxy.pauseProducing();
    proxy.resumeProducing();
    expect(producer.log).toEqual(['resume']);
    proxy.write('answer');
    expect(producer.log).toEqual(['resume', 'resume']);
  });

  it('passes the requests of a pulling consumer on to a pull producer', () => {
    const { consumer, producer, proxy } = basic(false, false);
    expect(producer.log).toEqual([]);
    proxy.resumeProducing();
    expect(producer.log).toEqual(['resume']);
    proxy.write('answer');
    expect([consumer.log, producer.log]).toEqual([['write answer'], ['resume']]);
  });
});

describe('ProducerConsumerProxy', () => {
  it('pauses its producer only when the buffer is full, and resumes it when it is empty', () => {
    const { consumer, producer, proxy } = limited({ bufferBytes: 5 });
    proxy.pauseProducing();
    proxy.write('1234');
    expect(producer.log).toEqual([]);
    proxy.write('5');
    proxy.write('6');
    expect(producer.log).toEqual(['pause']);
    proxy.resumeProducing();
    expect(producer.log).toEqual(['pause', 'resume']);
    expect(consumer.log).toEqual(['write 123456']);
  });

  it('pauses a push producer that outruns a pulling consumer', () => {
    const { consumer, producer, proxy } = limited({ streaming: false, bufferBytes: 2 });
    proxy.write('1');
    proxy.write('2');
    expect(producer.log).toEqual(['pause']);
    proxy.resumeProducing();
    expect(consumer.log).toEqual(['write 12']);
    expect(producer.log).toEqual(['pause', 'resume']);
  });

  it('pauses a producer that comes while its buffer is full', () => {
    const { producer, proxy } = limited({ bufferBytes: 1 });
    proxy.pauseProducing();
    proxy.write('12');
    proxy.unregisterProducer();
    proxy.registerProducer(producer, true);
    expect(producer.log).toEqual(['pause', 'pause']);
  });

  it('refuses an invalid buffer size', () => {
    const consumer = new LoggingConsumer();
    for (const bufferBytes of [0, 1.5, '7', 2 ** 31]) {
      expect(() => new ProducerConsumerProxy(consumer, { bufferBytes } as never)).toThrow();
    }
    expect(consumer.log).toEqual([]);
  });
});
