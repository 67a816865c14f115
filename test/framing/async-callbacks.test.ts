/** Callbacks of receivers that return a promise: its rejection ends the connection. */
import { describe, expect, it } from 'vitest';
import { Protocol } from '../../src/core/protocol.js';
import type { StreamProtocol } from '../../src/core/stream-protocol.js';
import { ProtocolToConsumerAdapter } from '../../src/framing/consumer-adapters.js';
import { Int16StringReceiver } from '../../src/framing/int-string-receivers.js';
import { LineOnlyReceiver } from '../../src/framing/line-only-receiver.js';
import { LineReceiver } from '../../src/framing/line-receiver.js';
import { NetstringReceiver } from '../../src/framing/netstring-receiver.js';
import { BasicProducerConsumerProxy } from '../../src/framing/producer-consumer-proxy.js';
import { type BlockState, StatefulProtocol } from '../../src/framing/stateful-protocol.js';
import { flushLoggedErrors } from '../../src/testing/logged-errors.js';
import { MemoryTransport } from '../../src/testing/memory-transport.js';

const boom = new Error('boom');

async function refuse(): Promise<void> {
  throw boom;
}

class Netstrings extends NetstringReceiver {
  override stringReceived = refuse;
}

class RefusedNetstrings extends NetstringReceiver {
  override stringReceived(): void {}
  override frameError = refuse;
}

class Prefixed extends Int16StringReceiver {
  override stringReceived = refuse;
}

class LongPrefixed extends Int16StringReceiver {
  override stringReceived(): void {}
  override lengthLimitExceeded = refuse;
}

class Lines extends LineReceiver {
  override lineReceived = refuse;
}

class Raw extends Lines {
  override rawDataReceived = refuse;
}

class LongLines extends LineReceiver {
  override lineReceived(): void {}
  override lineLengthExceeded = refuse;
}

class OnlyLines extends LineOnlyReceiver {
  override lineReceived = refuse;
}

class LongOnlyLines extends LineOnlyReceiver {
  override lineReceived(): void {}
  override lineLengthExceeded = refuse;
}

class Blocks extends StatefulProtocol {
  override connectionMade = refuse;
  override getInitialState(): BlockState {
    return [() => undefined, 1];
  }
}

function raw(): Raw {
  const receiver = new Raw();
  receiver.setRawMode();
  return receiver;
}

describe('the rejection of an asynchronous callback ends the connection', () => {
  it.each<[string, StreamProtocol, string]>([
    ['stringReceived of netstrings', new Netstrings(), '1:x,'],
    ['frameError', new RefusedNetstrings(), 'x'],
    ['stringReceived of an IntNStringReceiver', new Prefixed(), '\0\x01x'],
    ['lengthLimitExceeded', new LongPrefixed({ maxLength: 1 }), '\0\x02xx'],
    ['lineReceived', new Lines(), 'a line\n'],
    ['rawDataReceived', raw(), 'bytes'],
    ['lineLengthExceeded', new LongLines({ maxLength: 1 }), 'long\n'],
    ['lineReceived of lines only', new OnlyLines(), 'a line\n'],
    ['lineLengthExceeded of lines only', new LongOnlyLines({ maxLength: 1 }), 'long\n'],
    ['connectionMade of a StatefulProtocol', new Blocks(), ''],
  ])('%s', async (_name, protocol, data) => {
    const transport = new MemoryTransport();
    transport.connect(protocol);
    if (data !== '') transport.receive(data);
    await new Promise(setImmediate);
    transport.settle();
    expect(transport.connected).toBe(false);
    const errors = flushLoggedErrors();
    expect(errors).toMatchObject([{ error: boom }]);
  });
});

describe('a state that is an asynchronous function', () => {
  it('is refused, and its rejection is not left to the process', async () => {
    class AsyncBlocks extends StatefulProtocol {
      override getInitialState(): BlockState {
        return [refuse as never, 1];
      }
    }
    const transport = new MemoryTransport();
    transport.connect(new AsyncBlocks());
    transport.receive('x');
    await new Promise(setImmediate);
    transport.settle();
    expect(flushLoggedErrors()).toMatchObject([{ error: { code: 'ERR_INVALID_ARG_TYPE' } }]);
  });
});

describe('the rejection of an asynchronous producer', () => {
  const producer = { resumeProducing() {}, pauseProducing() {}, stopProducing() {} };
  const programs: Record<string, (proxy: BasicProducerConsumerProxy) => void> = {
    'resumeProducing of a pull producer': (proxy) =>
      proxy.registerProducer({ ...producer, resumeProducing: refuse }, false),
    pauseProducing: (proxy) => {
      proxy.registerProducer({ ...producer, pauseProducing: refuse }, true);
      proxy.pauseProducing();
    },
    'resumeProducing of a push producer': (proxy) => {
      proxy.registerProducer({ ...producer, resumeProducing: refuse }, true);
      proxy.pauseProducing();
      proxy.resumeProducing();
    },
    stopProducing: (proxy) => {
      proxy.registerProducer({ ...producer, stopProducing: refuse }, true);
      proxy.stopProducing();
    },
  };

  it.each(Object.keys(programs))('ends the connection that a proxy feeds: %s', async (name) => {
    const transport = new MemoryTransport();
    transport.connect(new Protocol());
    programs[name]?.(new BasicProducerConsumerProxy(transport));
    await new Promise(setImmediate);
    transport.settle();
    expect(transport.connected).toBe(false);
    expect(flushLoggedErrors()).toMatchObject([{ error: boom }]);
  });

  it('is reported if the consumer is no connection', async () => {
    const consumer = new ProtocolToConsumerAdapter({ dataReceived() {} });
    consumer.registerProducer({ ...producer, resumeProducing: refuse }, false);
    await new Promise(setImmediate);
    expect(flushLoggedErrors()).toMatchObject([{ error: boom, where: 'resumeProducing' }]);
  });
});

describe('ProtocolToConsumerAdapter', () => {
  it('reports the rejection of an asynchronous dataReceived', async () => {
    new ProtocolToConsumerAdapter({ dataReceived: refuse }).write('x');
    await new Promise(setImmediate);
    expect(flushLoggedErrors()).toMatchObject([{ error: boom, where: 'dataReceived' }]);
  });
});
