import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { DatagramProtocol } from '../../src/core/datagram.js';
import { NotConnectedError } from '../../src/core/errors/connection.js';
import { HandlerProtocol, Protocol } from '../../src/core/protocol.js';
import { isStreamProtocol } from '../../src/core/stream-protocol.js';
import type { Transport } from '../../src/core/transport.js';

/** All that a protocol looks at by itself. */
function fakeTransport(connected = true): Transport {
  return { connected } as Transport;
}

describe('a protocol without a connection', () => {
  it.each(['write', 'loseConnection', 'getPeer', 'registerProducer', 'getTcpNoDelay'])(
    'says so when its transport is used: %s',
    (method) => {
      const transport = new Protocol().transport as unknown as Record<string, () => void>;
      expect(() => transport[method]?.()).toThrow(NotConnectedError);
      expect(() => transport[method]?.()).toThrow(
        `transport.${method}: the protocol has no transport yet; it can be used from connectionMade on`,
      );
    },
  );

  it('can be asked whether it is connected, and shown', () => {
    const { transport } = new Protocol();
    expect([transport.connected, transport.disconnecting]).toEqual([false, false]);
    expect(inspect(new Protocol())).toContain('transport: <not connected yet>');
  });

  it('is the same for datagrams', () => {
    const { transport } = new DatagramProtocol();
    const write = (): void => transport.write('x', { host: '127.0.0.1', port: 1 });
    expect(write).toThrow('it can be used from startProtocol on');
  });
});

describe('Protocol', () => {
  it('has its transport in connectionMade', () => {
    const transport = fakeTransport();
    const seen: unknown[] = [];
    class Mine extends Protocol {
      override connectionMade(): void {
        seen.push(this.transport);
      }
    }
    new Mine().makeConnection(transport);
    expect(seen).toEqual([transport]);
  });

  it('is connected while its transport is', () => {
    const protocol = new Protocol();
    expect(protocol.connected).toBe(false);
    protocol.makeConnection(fakeTransport());
    expect(protocol.connected).toBe(true);
    const gone = new Protocol();
    gone.makeConnection(fakeTransport(false));
    expect(gone.connected).toBe(false);
  });

  it('cannot be half-closed unless a subclass allows it', () => {
    expect('readConnectionLost' in new Protocol()).toBe(false);
    expect('writeConnectionLost' in new Protocol()).toBe(false);
  });

  it('silently ignores events that it does not override', () => {
    const protocol = new Protocol();
    protocol.makeConnection(fakeTransport());
    protocol.dataReceived(Buffer.from('x'));
    protocol.connectionLost(new Error('gone'));
    expect(protocol.factory).toBeUndefined();
  });
});

describe('HandlerProtocol', () => {
  it('gives each handler the transport last', () => {
    const transport = fakeTransport();
    const reason = new Error('gone');
    const data = Buffer.from('x');
    const calls: unknown[][] = [];
    const protocol = new HandlerProtocol({
      connectionMade: (...args) => void calls.push(['made', ...args]),
      dataReceived: (...args) => void calls.push(['data', ...args]),
      connectionLost: (...args) => void calls.push(['lost', ...args]),
    });
    protocol.makeConnection(transport);
    protocol.dataReceived(data);
    protocol.connectionLost(reason);
    expect(calls).toEqual([
      ['made', transport],
      ['data', data, transport],
      ['lost', reason, transport],
    ]);
  });

  it('calls handlers on their object', () => {
    const handlers = {
      seen: 0,
      dataReceived(): void {
        this.seen += 1;
      },
    };
    const protocol = new HandlerProtocol(handlers);
    protocol.makeConnection(fakeTransport());
    protocol.dataReceived(Buffer.from('x'));
    expect(handlers.seen).toBe(1);
  });

  it('does without handlers', () => {
    const protocol = new HandlerProtocol({});
    protocol.makeConnection(fakeTransport());
    protocol.dataReceived(Buffer.from('x'));
    protocol.connectionLost(new Error('gone'));
    expect(protocol.connected).toBe(true);
  });
});

describe('isStreamProtocol', () => {
  it('recognizes values that a reactor can call', () => {
    expect(isStreamProtocol(new Protocol())).toBe(true);
    expect(isStreamProtocol({ makeConnection() {}, dataReceived() {}, connectionLost() {} })).toBe(
      true,
    );
  });

  it.each([
    {},
    [],
    { dataReceived() {} },
    { makeConnection() {}, dataReceived() {} },
    { makeConnection: 1, dataReceived: 1, connectionLost: 1 },
  ])('knows what it can not: %o', (value) => {
    expect(isStreamProtocol(value)).toBe(false);
  });
});
