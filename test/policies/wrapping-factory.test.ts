import { describe, expect, expectTypeOf, it } from 'vitest';
import type { HostPort } from '../../src/core/address.js';
import type { Connector } from '../../src/core/connector.js';
import { InvalidArgumentTypeError } from '../../src/core/errors/arguments.js';
import { ClientFactory, Factory, type FactoryLike } from '../../src/core/factory.js';
import { Protocol } from '../../src/core/protocol.js';
import type { ClientProtocolFactory } from '../../src/core/protocol-factory.js';
import type { StreamProtocol } from '../../src/core/stream-protocol.js';
import type { TCPTransport } from '../../src/core/transport.js';
import { ProtocolWrapper } from '../../src/policies/protocol-wrapper.js';
import { WrappingFactory } from '../../src/policies/wrapping-factory.js';
import { AccumulatingProtocol } from '../../src/testing/accumulating-protocol.js';
import { flushLoggedErrors } from '../../src/testing/logged-errors.js';
import { Recorder, RecordingFactory } from '../support/recorder.js';
import { accept, checkRules, offer, only, PEER } from './wired.js';

/** A connector that does nothing. */
const connector: Connector = {
  state: 'disconnected',
  connect() {},
  stopConnecting() {},
  disconnect() {},
  getDestination: (): HostPort => ({ host: 'example.com', port: 7 }),
};

describe('WrappingFactory', () => {
  checkRules();

  it.each([
    ['a factory', Factory.forProtocol(AccumulatingProtocol)],
    ['a class', AccumulatingProtocol],
    ['a function', () => new AccumulatingProtocol()],
    ['a function that gives handlers', () => ({ dataReceived() {} })],
  ])('wraps what %s builds', (_name, wrapped) => {
    const { protocol, transport } = accept(new WrappingFactory(wrapped));
    expect(protocol).toBeInstanceOf(ProtocolWrapper);
    const { wrappedProtocol } = protocol as ProtocolWrapper;
    expect(wrappedProtocol).toBeInstanceOf(Protocol);
    expect((wrappedProtocol as Protocol).transport).toBe(protocol);
    expect((protocol as ProtocolWrapper).transport).toBe(transport);
  });

  it('is a factory by its type, and its wrappers are protocols and transports', () => {
    expectTypeOf<WrappingFactory>().toExtend<ClientProtocolFactory>();
    expectTypeOf<ConstructorParameters<typeof WrappingFactory>>().toEqualTypeOf<[FactoryLike]>();
    expectTypeOf<ProtocolWrapper>().toExtend<StreamProtocol & TCPTransport>();
    expectTypeOf<WrappingFactory['protocols']>().toEqualTypeOf<ReadonlySet<ProtocolWrapper>>();
  });

  it('refuses values that are not factories', () => {
    expect(() => new WrappingFactory({} as never)).toThrow(InvalidArgumentTypeError);
  });

  it('refuses the connections that the wrapped factory refuses', () => {
    const factory = new WrappingFactory(() => null);
    expect(offer(factory)).toBeNull();
    expect(factory.protocols.size).toBe(0);
  });

  it('passes on the errors of the wrapped factory', () => {
    const factory = new WrappingFactory(() => {
      throw new RangeError('none today');
    });
    expect(() => factory.buildProtocol(PEER)).toThrow(RangeError);
  });

  it('records the connected protocols', () => {
    const factory = new WrappingFactory(Protocol);
    factory.buildProtocol(PEER);
    expect(factory.protocols.size).toBe(0);
    const wired = [accept(factory), accept(factory), accept(factory)];
    expect([...factory.protocols]).toEqual(wired.map(({ protocol }) => protocol));
    wired[1]?.transport.peerResets();
    expect([...factory.protocols]).toEqual([wired[0]?.protocol, wired[2]?.protocol]);
    for (const { transport } of wired) transport.peerCloses();
    expect(factory.protocols.size).toBe(0);
  });

  it('does not keep those that threw in connectionMade or in connectionLost', () => {
    const reportError = (): void => {};
    const throws = (): void => {
      throw new Error('thrown');
    };
    for (const hooks of [{ connectionMade: throws }, { connectionLost: throws }]) {
      const factory = new WrappingFactory(() => new Recorder(hooks));
      const { transport } = accept(factory, { reportError });
      transport.peerCloses();
      transport.settle();
      expect(factory.protocols.size).toBe(0);
    }
  });

  it('has the protocol during its connectionMade, and no longer during its connectionLost', () => {
    const seen: number[] = [];
    const look = (): void => void seen.push(factory.protocols.size);
    const factory = new WrappingFactory(
      only(new Recorder({ connectionMade: look, connectionLost: look })),
    );
    accept(factory).transport.peerCloses();
    expect(seen).toEqual([1, 0]);
  });

  it('passes on its users and the events of connectors', () => {
    const inner = new RecordingFactory(() => new Recorder());
    const factory = new WrappingFactory(new WrappingFactory(inner));
    factory.doStart();
    factory.startedConnecting(connector);
    factory.clientConnectionFailed(connector, new RangeError());
    factory.clientConnectionLost(connector, new TypeError());
    factory.doStop();
    expect(inner.log).toEqual([
      'doStart',
      'startFactory',
      'startedConnecting',
      'clientConnectionFailed RangeError',
      'clientConnectionLost TypeError',
      'doStop',
      'stopFactory',
    ]);
    expect(inner.connector).toBe(connector);
  });

  it('needs no methods for connectors in the wrapped factory, and says that a failure is unhandled', () => {
    const unhandled: Error[] = [];
    const telling = {
      ...connector,
      failureUnhandled: (reason: Error) => void unhandled.push(reason),
    };
    const reason = new Error();
    for (const wrapped of [new Factory(), new ClientFactory()]) {
      wrapped.buildProtocol = () => null;
      const factory = new WrappingFactory(new WrappingFactory(wrapped));
      factory.startedConnecting(telling);
      factory.clientConnectionFailed(telling, reason);
      factory.clientConnectionLost(telling, new Error());
    }
    expect(unhandled).toEqual([reason, reason]);
  });

  it('reports the rejections of asynchronous callbacks of the wrapped factory', async () => {
    class Failing extends ClientFactory {
      override buildProtocol(): null {
        return null;
      }
    }
    const methods = [
      'startFactory',
      'startedConnecting',
      'clientConnectionFailed',
      'clientConnectionLost',
      'stopFactory',
    ] as const;
    for (const method of methods) {
      Failing.prototype[method] = () => Promise.reject(new Error(method));
    }
    const factory = new WrappingFactory(new Failing());
    factory.doStart();
    factory.startedConnecting(connector);
    factory.clientConnectionFailed(connector, new Error());
    factory.clientConnectionLost(connector, new Error());
    factory.doStop();
    await new Promise(setImmediate);
    expect(flushLoggedErrors().map(({ where }) => where)).toEqual(methods);
  });

  it('uses the wrapper of a subclass', () => {
    class Shouting extends ProtocolWrapper {
      override write(data: Uint8Array | string): void {
        super.write(String(data).toUpperCase());
      }
    }
    class ShoutingFactory extends WrappingFactory {
      protected override wrap(protocol: StreamProtocol): ProtocolWrapper {
        return new Shouting(protocol, this);
      }
    }
    const protocol = new Recorder();
    const factory = new ShoutingFactory(only(protocol));
    const { transport } = accept(factory);
    protocol.transport.write('quiet');
    expect(transport.text).toBe('QUIET');
    expect(factory.protocols.size).toBe(1);
  });
});
