/** The transport contract over wrapped transports: what stands between a transport and a protocol is not to be seen. */
import { describe, it } from 'vitest';
import { createReactor } from '../../src/index.js';
import { LimitTotalConnectionsFactory } from '../../src/policies/limit-total-connections.js';
import { ProtocolWrapper } from '../../src/policies/protocol-wrapper.js';
import { ShapingFactory } from '../../src/policies/shaping-factory.js';
import { TimeoutFactory } from '../../src/policies/timeout-factory.js';
import { TrafficLoggingFactory } from '../../src/policies/traffic-logging.js';
import { inRealTime, pairsOver } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { transportContract } from '../../src/testing/contracts/transport/transport-contract.js';
import { simulatedPairs, type WrapFactory } from './simulated-stage.js';

describe('a wrapped transport', () => {
  const makePair = pairsOver(inRealTime(() => createReactor({ kind: 'node' })));
  const contract = transportContract((client, server) =>
    makePair(new ProtocolWrapper(client), new ProtocolWrapper(server)),
  );
  for (const { name, run } of contract) it(name, run);
});

const FAST = { perConnection: { bytesPerSecond: 100_000_000 } };

const POLICIES: readonly [name: string, wrap: WrapFactory][] = [
  ['limited', (factory) => new LimitTotalConnectionsFactory(factory, { maxConnections: 1 })],
  ['logged', (factory) => new TrafficLoggingFactory(factory, { log: () => {} })],
  ['timed', (factory, clock) => new TimeoutFactory(factory, { clock, idleMs: 3_600_000 })],
  ['shaped', (factory, clock) => new ShapingFactory(factory, { clock, read: FAST, write: FAST })],
];

describe.each(POLICIES)('a simulated transport that is %s', (_name, wrap) => {
  const makePair = simulatedPairs({ latencyMs: [0, 5], split: 0.2 }, wrap);
  const contract = transportContract(makePair, {
    overflowBytes: 1_000_000,
    poisonsLentBytes: true,
  });
  for (const { name, run } of contract) it(name, run);
});
