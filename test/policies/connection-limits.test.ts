import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressFrom } from '../../src/core/address.js';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import type { FactoryLike } from '../../src/core/factory.js';
import { Protocol } from '../../src/core/protocol.js';
import {
  LimitConnectionsByPeerFactory,
  type LimitConnectionsByPeerOptions,
} from '../../src/policies/limit-connections-by-peer.js';
import {
  LimitTotalConnectionsFactory,
  type LimitTotalConnectionsOptions,
} from '../../src/policies/limit-total-connections.js';
import { MemoryTransport } from '../../src/testing/memory-transport.js';
import { HalfCloseRecorder, Recorder, RecordingFactory } from '../support/recorder.js';
import { accept, checkRules, offer, PEER, type Wired } from './wired.js';

type Limiting = LimitTotalConnectionsFactory | LimitConnectionsByPeerFactory;
type Options = LimitTotalConnectionsOptions;

const FACTORIES: readonly [string, (wrapped: FactoryLike, options: Options) => Limiting][] = [
  ['LimitTotalConnectionsFactory', (...args) => new LimitTotalConnectionsFactory(...args)],
  ['LimitConnectionsByPeerFactory', (...args) => new LimitConnectionsByPeerFactory(...args)],
];

class Busy extends Protocol {
  override connectionMade(): void {
    this.transport.write('busy');
  }
}

/** The connections that the factory takes of so many that are offered. */
function offered(factory: FactoryLike, count: number): Wired[] {
  return Array.from({ length: count }, () => offer(factory)).filter((wired) => wired !== null);
}

describe.each(FACTORIES)('%s', (_name, make) => {
  checkRules();

  it('refuses connections over the limit, until one of the others is gone', () => {
    const factory = make(Protocol, { maxConnections: 2 });
    const [first] = offered(factory, 3);
    expect(factory.protocols.size).toBe(2);
    expect(factory.refused).toBe(1);
    first?.transport.peerCloses();
    expect(offered(factory, 2)).toHaveLength(1);
    expect(factory.refused).toBe(2);
  });

  it('refuses all if the limit is 0', () => {
    expect(offered(make(Protocol, { maxConnections: 0 }), 3)).toHaveLength(0);
  });

  it('gives connections over the limit to the overflow factory', () => {
    const factory = make(Recorder, { maxConnections: 1, overflow: Busy });
    const [one, other] = offered(factory, 2);
    expect([one?.transport.text, other?.transport.text]).toEqual(['', 'busy']);
    expect(factory.protocols.size).toBe(1);
    other?.transport.peerCloses();
    expect(offer(factory)?.transport.text).toBe('busy');
  });

  it('closes those that are too many for the overflow factory', () => {
    const limited = make(Recorder, { maxConnections: 1, overflow: Busy, maxOverflow: 2 });
    expect(offered(limited, 10)).toHaveLength(3);
    expect(limited.refused).toBe(9);
    const unlimited = make(Recorder, { maxConnections: 1, overflow: Busy });
    expect(offered(unlimited, 200)).toHaveLength(101);
  });

  it('starts and stops the overflow factory with the other', () => {
    const [wrapped, overflow] = [
      new RecordingFactory(() => null),
      new RecordingFactory(() => null),
    ];
    const factory = make(wrapped, { maxConnections: 1, overflow });
    factory.doStart();
    factory.doStop();
    const log = ['doStart', 'startFactory', 'doStop', 'stopFactory'];
    expect([wrapped.log, overflow.log]).toEqual([log, log]);
  });

  it('does not count connections that could not be built', () => {
    const answers = [() => null, throws];
    const build = (): Protocol | null => {
      const answer = answers.shift();
      return answer === undefined ? new Protocol() : answer();
    };
    const factory = make(build, { maxConnections: 1 });
    expect(offer(factory)).toBeNull();
    expect(() => offer(factory)).toThrow('thrown');
    expect(factory.protocols.size).toBe(0);
    expect(offered(factory, 2)).toHaveLength(1);
  });

  it('does not count connections whose connectionMade or connectionLost threw, once they are gone', () => {
    for (const hooks of [{ connectionMade: throws }, { connectionLost: throws }]) {
      const factory = make(() => new Recorder(hooks), { maxConnections: 1 });
      for (let i = 0; i < 3; i++) {
        const { transport } = accept(factory, { reportError: () => {} });
        transport.peerCloses();
        transport.settle();
      }
      expect(factory.protocols.size).toBe(0);
    }
  });

  it('does not count protocols that were never connected', () => {
    const factory = make(Protocol, { maxConnections: 1 });
    for (let i = 0; i < 3; i++) expect(factory.buildProtocol(PEER)).not.toBeNull();
    expect(offered(factory, 2)).toHaveLength(1);
  });

  it('closes a connection if others have filled the limit since its protocol was built', () => {
    const protocol = new HalfCloseRecorder();
    const factory = make(() => protocol, { maxConnections: 1 });
    const late = factory.buildProtocol(PEER);
    const filling = accept(factory);
    const transport = new MemoryTransport();
    transport.connect(late ?? protocol);
    expect([transport.disconnecting, factory.refused]).toEqual([true, 1]);
    transport.settle();
    expect([transport.connected, factory.protocols.size]).toEqual([false, 1]);
    expect(protocol.log).toEqual(['connectionMade']);
    filling.transport.peerCloses();
    filling.transport.settle();
    expect(protocol.log).toEqual(['connectionMade', 'readConnectionLost']);
  });

  it.each([-1, 1.5, Number.NaN])('refuses a limit of %d', (limit) => {
    expect(() => make(Protocol, { maxConnections: limit })).toThrow(InvalidArgumentValueError);
    expect(() => make(Protocol, { maxConnections: 1, maxOverflow: limit })).toThrow(
      InvalidArgumentValueError,
    );
  });

  it('refuses options that are missing or of a wrong type', () => {
    expect(() => make(Protocol, {} as Options)).toThrow(InvalidArgumentTypeError);
    expect(() => make(Protocol, { maxConnections: 1, overflow: {} as never })).toThrow(
      InvalidArgumentTypeError,
    );
  });
});

describe('LimitConnectionsByPeerFactory', () => {
  const byPeer = (options: Partial<LimitConnectionsByPeerOptions> = {}) =>
    new LimitConnectionsByPeerFactory(Protocol, { maxConnections: 1, ...options });
  const from = (factory: FactoryLike, host: string): Wired | null =>
    offer(factory, { peer: addressFrom('TCP', host, 40_000) });

  it('counts each peer separately and stores nothing about one that is gone', () => {
    const factory = byPeer();
    const one = from(factory, '192.0.2.1');
    expect(from(factory, '192.0.2.1')).toBeNull();
    expect(from(factory, '192.0.2.2')).not.toBeNull();
    expect(factory.peers).toBe(2);
    one?.transport.peerCloses();
    expect(factory.peers).toBe(1);
    expect(from(factory, '192.0.2.1')).not.toBeNull();
  });

  it('treats an IPv6 network of 64 bits as one peer', () => {
    const factory = byPeer();
    expect(from(factory, '2001:db8::1')).not.toBeNull();
    expect(from(factory, '2001:db8::2')).toBeNull();
    expect(from(factory, '2001:db8:0:1::1')).not.toBeNull();
    expect(factory.connectionsOf(addressFrom('TCP', '2001:db8::ffff', 1))).toBe(1);
  });

  it('can count each IPv6 address', () => {
    const factory = byPeer({ ipv6PrefixBits: 128 });
    expect(from(factory, '2001:db8::1')).not.toBeNull();
    expect(from(factory, '2001:db8::2')).not.toBeNull();
    expect(from(factory, '2001:db8::2')).toBeNull();
  });

  it.each([0, 129, 1.5])('refuses a prefix of %d bits', (ipv6PrefixBits) => {
    expect(() => byPeer({ ipv6PrefixBits })).toThrow(InvalidArgumentValueError);
  });

  it('counts as a model does, whatever happens to the connections', () => {
    const operation = fc.record({
      peer: fc.nat(3),
      what: fc.constantFrom('connect', 'connect', 'null', 'build', 'throw', 'fail', 'close'),
    });
    const property = fc.property(
      fc.integer({ min: 0, max: 4 }),
      fc.array(operation, { maxLength: 80 }),
      (maxConnections, operations) => {
        let answer = 'connect';
        const factory = new LimitConnectionsByPeerFactory(
          () => {
            if (answer === 'throw') throws();
            if (answer === 'null') return null;
            return answer === 'fail' ? { connectionMade: throws } : {};
          },
          { maxConnections },
        );
        const open: Wired[][] = [[], [], [], []];
        for (const { peer, what } of operations) {
          answer = what;
          const address = addressFrom('TCP', `192.0.2.${peer}`, 40_000);
          const ours = open[peer] ?? [];
          const full = ours.length >= maxConnections;
          if (what === 'close') {
            ours.pop()?.transport.peerResets();
          } else if (what === 'build') {
            expect(factory.buildProtocol(address) === null).toBe(full);
          } else if (what === 'throw' && !full) {
            expect(() => factory.buildProtocol(address)).toThrow('thrown');
          } else {
            const wired = offer(factory, { peer: address, reportError: () => {} });
            expect(wired === null).toBe(full || what === 'null');
            if (wired !== null && what === 'connect') ours.push(wired);
            else wired?.transport.settle();
          }
          expect(factory.connectionsOf(address)).toBe(ours.length);
          expect(factory.peers).toBe(open.filter(({ length }) => length > 0).length);
          expect(factory.protocols.size).toBe(open.flat().length);
        }
      },
    );
    fc.assert(property, { numRuns: 300 });
  });
});

function throws(): never {
  throw new Error('thrown');
}
