// What a wrapper costs: each `dataReceived` that passes through it, each `write`, and its memory.
//
//     npx tsx bench/micro/policies/protocol-wrapper.bench.ts [--rounds N] [--quick]

import { IPv4Address } from '../../../src/core/address.js';
import type { Clock } from '../../../src/core/clock.js';
import { type FactoryLike, toFactory } from '../../../src/core/factory.js';
import { Protocol } from '../../../src/core/protocol.js';
import type { ClientProtocolFactory } from '../../../src/core/protocol-factory.js';
import type { StreamProtocol } from '../../../src/core/stream-protocol.js';
import type { Transport } from '../../../src/core/transport.js';
import { LimitConnectionsByPeerFactory } from '../../../src/policies/limit-connections-by-peer.js';
import { ShapingFactory } from '../../../src/policies/shaping-factory.js';
import { TimeoutFactory } from '../../../src/policies/timeout-factory.js';
import { WrappingFactory } from '../../../src/policies/wrapping-factory.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import type { Effort, Figures, MicroBench } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { bytesOf, expectSame, nsOf } from '../../harness/micro/timing.js';

const CONNECTIONS = 10_000;
const PACKETS = 5_000_000;
const PACKET_BYTES = 64;

const clock: Clock = new ManualClock();
const UNLIMITED = { bytesPerSecond: Number.MAX_SAFE_INTEGER };

type Wrap = (wrapped: FactoryLike) => ClientProtocolFactory;

const WRAPS: Readonly<Record<string, Wrap>> = {
  bare: toFactory,
  'one wrapper': (wrapped) => new WrappingFactory(wrapped),
  'three wrappers': (wrapped) =>
    new WrappingFactory(new WrappingFactory(new WrappingFactory(wrapped))),
  timeout: (wrapped) => new TimeoutFactory(wrapped, { clock, idleMs: 60_000 }),
  'limit by peer': (wrapped) =>
    new LimitConnectionsByPeerFactory(wrapped, { maxConnections: CONNECTIONS }),
  'shaped, not held': (wrapped) =>
    new ShapingFactory(wrapped, {
      clock,
      read: { perConnection: UNLIMITED },
      write: { perConnection: UNLIMITED },
    }),
};

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

let written = 0;

/** Takes what is written and does nothing with it. */
const sink = {
  connected: true,
  disconnecting: false,
  bufferedBytes: 0,
  write(data: Uint8Array): void {
    written += data.byteLength;
  },
} as unknown as Transport;

function measure(wrap: Wrap, effort: Effort): Figures {
  const count = effort.count(CONNECTIONS);
  const peer = new IPv4Address('TCP', '192.0.2.1', 1);
  const inner = toFactory(Echo);
  const protocols = Array.from({ length: count }, () => inner.buildProtocol(peer));
  let next = 0;
  const factory = wrap(() => protocols[next++] ?? null);
  const connections: StreamProtocol[] = new Array(count);
  const bytes = bytesOf(count, () => {
    for (let index = 0; index < count; index++) {
      const protocol = factory.buildProtocol(peer);
      if (protocol === null) throw new Error('a connection was refused');
      protocol.makeConnection(sink);
      connections[index] = protocol;
    }
  });
  const packet = Buffer.alloc(PACKET_BYTES);
  const nsFor = (packets: number): number =>
    nsOf(packets, () => {
      for (let i = 0; i < packets; i++) connections[i % count]?.dataReceived(packet);
    });
  const packets = effort.count(PACKETS);
  nsFor(packets / 10);
  written = 0;
  const ns = nsFor(packets);
  expectSame('bytes that came through', written, packets * PACKET_BYTES);
  return { 'a packet': ns, 'bytes a connection': bytes };
}

export const bench: MicroBench = {
  title: 'Wrappers of protocols',
  workload:
    '10,000 connections over a transport that does nothing; 5,000,000 packets of 64 bytes to the connections in turn, ' +
    'each answered by a write of the same bytes from the protocol. `bare` has no wrapper. Bytes are those of wrappers ' +
    'and of the factory’s set, without the protocol. The bench checks that every packet passes in both directions.',
  unit: 'ns',
  cases: [
    {
      name: '',
      reference: 'bare',
      contenders: Object.fromEntries(
        Object.entries(WRAPS).map(([name, wrap]) => [name, (effort) => measure(wrap, effort)]),
      ),
    },
  ],
  bars: [],
};

await runAlone(import.meta.url, bench);
