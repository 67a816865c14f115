/** The transport contract over wrapped connections of the real reactors: a protocol can't tell that it is wrapped. */
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.js';
import type { FactoryLike } from '../../src/core/factory.js';
import { Protocol } from '../../src/core/protocol.js';
import { HIGH_WATER_MARK_BYTES } from '../../src/core/transport.js';
import { LimitConnectionsByPeerFactory } from '../../src/policies/limit-connections-by-peer.js';
import { LimitTotalConnectionsFactory } from '../../src/policies/limit-total-connections.js';
import { LimitUnsentBytesFactory } from '../../src/policies/limit-unsent-bytes.js';
import { ShapingFactory } from '../../src/policies/shaping-factory.js';
import { TimeoutFactory } from '../../src/policies/timeout-factory.js';
import { TrafficLoggingFactory } from '../../src/policies/traffic-logging.js';
import { WrappingFactory } from '../../src/policies/wrapping-factory.js';
import { inRealTime } from '../../src/testing/contracts/reactor/reactor-stage.js';
import type { MakePair } from '../../src/testing/contracts/transport/scene.js';
import { transportContract } from '../../src/testing/contracts/transport/transport-contract.js';
import { contract, portOf } from '../support/contract.js';
import { HUGE, listenLocal, patterned } from '../support/pairs.js';
import { RawPeer } from '../support/raw-peer.js';
import { REACTORS } from '../support/reactors.js';
import { Recorder, recorders } from '../support/recorder.js';

type Wrap = (wrapped: FactoryLike, clock: Clock) => WrappingFactory;

/** Fast enough for the contract, and seldom fast enough for what is written at once. */
const RATE = { bytesPerSecond: 500_000_000, burstBytes: 400_000 };
const FAST = { perConnection: RATE, total: RATE };

const POLICIES = {
  WrappingFactory: (wrapped) => new WrappingFactory(wrapped),
  TimeoutFactory: (wrapped, clock) =>
    new TimeoutFactory(wrapped, {
      clock,
      idleMs: 60_000,
      firstDataMs: 60_000,
      lifetimeMs: 60_000,
    }),
  LimitTotalConnectionsFactory: (wrapped) =>
    new LimitTotalConnectionsFactory(wrapped, { maxConnections: 10 }),
  LimitConnectionsByPeerFactory: (wrapped) =>
    new LimitConnectionsByPeerFactory(wrapped, { maxConnections: 10 }),
  'LimitUnsentBytesFactory, ending': (wrapped, clock) =>
    new LimitUnsentBytesFactory(wrapped, { clock, maxBytes: 100_000_000, total: 100_000_000 }),
  'LimitUnsentBytesFactory, pausing': (wrapped, clock) =>
    new LimitUnsentBytesFactory(wrapped, { clock, maxBytes: 100_000_000, outcome: 'pause' }),
  ShapingFactory: (wrapped, clock) =>
    new ShapingFactory(wrapped, { clock, read: FAST, write: FAST }),
  TrafficLoggingFactory: (wrapped) =>
    new TrafficLoggingFactory(wrapped, { log() {}, maxDumpBytes: 16 }),
} satisfies Record<string, Wrap>;

/** At work as often as it can be without holding back what the contract has written. */
const pausing: Wrap = (wrapped, clock) =>
  new LimitUnsentBytesFactory(wrapped, {
    clock,
    maxBytes: HIGH_WATER_MARK_BYTES,
    outcome: 'pause',
  });

/** What a limit that pauses is there to prevent: a peer that reads nothing is answered megabytes. */
const PREVENTED = 'keeps bytes written from lent bytes for a peer that does not read';

const STACKED: Wrap = (wrapped, clock) =>
  Object.values<Wrap>(POLICIES).reduce<WrappingFactory>(
    (stack, wrap) => wrap(stack, clock),
    new WrappingFactory(wrapped),
  );

/** Pairs both ends of which are wrapped. */
function wrappedPairs(makeStage: ReturnType<typeof inRealTime>, wrap: Wrap): MakePair {
  return (client, server) => {
    const stage = makeStage();
    const { reactor, host } = stage;
    const factory = wrap(() => server, reactor);
    const listening = reactor.listenTCP(0, factory, { interface: host });
    const clients = wrap(() => client, reactor);
    reactor.connectTCP(host, listening.getHost().port, clients);
    return stage;
  };
}

/** One native reactor and the pure-JS one: policies are above what pollers differ in. */
const ONE_OF_EACH = [true, false].flatMap((native) =>
  REACTORS.filter((reactor) => reactor.native === native).slice(0, 1),
);

describe.each(ONE_OF_EACH)('the transport contract on $name, wrapped by', ({ make }) => {
  const makeStage = inRealTime(() => make());
  const options = { overflowBytes: HUGE };
  // The others change nothing of how data flows: each on its own is in its own test, over memory transports.
  const wraps: readonly [string, Wrap][] = [
    ['LimitUnsentBytesFactory, pausing', pausing],
    ['ShapingFactory', POLICIES.ShapingFactory],
    ['all of them', STACKED],
  ];
  describe.each(wraps)('%s', (_name, wrap) => {
    for (const { name, run } of transportContract(wrappedPairs(makeStage, wrap), options)) {
      if (wrap !== pausing || name !== PREVENTED) it(name, run);
    }
  });
});

contract('policies over sockets', (rig) => {
  it('refuse connections over a limit and take others when there is room again', async () => {
    const factory = new LimitTotalConnectionsFactory(recorders(), {
      maxConnections: 1,
      overflow: () => ({
        connectionMade(transport) {
          transport.write('busy');
          transport.loseConnection();
        },
      }),
    });
    const listening = listenLocal(rig.reactor, factory);
    const first = rig.use(await RawPeer.connect(portOf(listening)));
    const refused = rig.use(await RawPeer.connect(portOf(listening)));
    await refused.untilEnded();
    expect(refused.received.toString()).toBe('busy');
    expect(factory.protocols.size).toBe(1);
    first.end();
    await first.untilEnded();
    const third = rig.use(await RawPeer.connect(portOf(listening)));
    third.write('x');
    await rig.turns(3);
    expect(factory.refused).toBe(1);
  });

  it('close a connection that is idle', async () => {
    const protocol = new Recorder();
    const factory = new TimeoutFactory(() => protocol, { clock: rig.reactor, idleMs: 20 });
    const listening = listenLocal(rig.reactor, factory);
    const peer = rig.use(await RawPeer.connect(portOf(listening)));
    await peer.untilEnded();
    expect((await protocol.lost()).name).toBe('ConnectionDone');
    expect(rig.reactor.getDelayedCalls()).toEqual([]);
  });

  it('keep bytes and their order if traffic is shaped both ways', async () => {
    const rate = { bytesPerSecond: 50_000_000, burstBytes: 100_000 };
    const limits = { perConnection: rate, total: rate };
    const server = new ShapingFactory(
      () => {
        const protocol = new Protocol();
        protocol.connectionMade = () =>
          protocol.transport.registerProducer(protocol.transport, true);
        protocol.dataReceived = (data) => protocol.transport.write(data);
        return Object.assign(protocol, {
          readConnectionLost() {
            protocol.transport.unregisterProducer();
            protocol.transport.loseConnection();
          },
        });
      },
      { clock: rig.reactor, read: limits, write: limits },
    );
    const listening = listenLocal(rig.reactor, server);
    const peers = await Promise.all(
      [1, 2, 3].map(async () => rig.use(await RawPeer.connect(portOf(listening)))),
    );
    for (const [seed, peer] of peers.entries()) peer.write(patterned(1_000_000, seed + 1));
    for (const peer of peers) peer.end();
    for (const [seed, peer] of peers.entries()) {
      await peer.untilEnded();
      expect(peer.received.equals(patterned(1_000_000, seed + 1))).toBe(true);
    }
  });
});
