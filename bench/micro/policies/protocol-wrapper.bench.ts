// What a wrapper costs: each `dataReceived` that passes through it, each `write`, and its memory.
//
//     npx tsx bench/micro/policies/protocol-wrapper.bench.ts [rounds]
//
// 10,000 connections over a transport that does nothing; 5,000,000 packets to one after the other, each answered by a
// write of the same bytes from the protocol. `bare` has no wrapper. Bytes are those of wrappers and of the factory's set,
// without the protocol. Each round of each contender is a process of its own, the contenders taking turns; median and
// range of the rounds. Every packet is checked to have come through both ways.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { IPv4Address } from '../../../src/core/address.js';
import type { Clock } from '../../../src/core/clock.js';
import {
  type ClientProtocolFactory,
  type FactoryLike,
  toFactory,
} from '../../../src/core/factory.js';
import { Protocol, type StreamProtocol } from '../../../src/core/protocol.js';
import type { Transport } from '../../../src/core/transport.js';
import { LimitConnectionsByPeerFactory } from '../../../src/policies/limit-connections-by-peer.js';
import { ShapingFactory } from '../../../src/policies/shaping-factory.js';
import { TimeoutFactory } from '../../../src/policies/timeout-factory.js';
import { WrappingFactory } from '../../../src/policies/wrapping-factory.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { spreadOf } from '../../harness/statistics.js';

const CONNECTIONS = 10_000;
const PACKETS = 5_000_000;
const FIGURES = ['ns a packet', 'bytes a connection'] as const;

type Figures = Record<(typeof FIGURES)[number], number>;

const clock: Clock = new ManualClock();
const UNLIMITED = { bytesPerSecond: Number.MAX_SAFE_INTEGER };

const CONTENDERS: Readonly<Record<string, (wrapped: FactoryLike) => ClientProtocolFactory>> = {
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

function contend(wrap: (wrapped: FactoryLike) => ClientProtocolFactory): Figures {
  const peer = new IPv4Address('TCP', '192.0.2.1', 1);
  const inner = toFactory(Echo);
  const protocols = Array.from({ length: CONNECTIONS }, () => inner.buildProtocol(peer));
  let next = 0;
  const factory = wrap(() => protocols[next++] ?? null);
  const before = memory();
  const connections: StreamProtocol[] = new Array(CONNECTIONS);
  for (let index = 0; index < CONNECTIONS; index++) {
    const protocol = factory.buildProtocol(peer);
    if (protocol === null) throw new Error('a connection was refused');
    protocol.makeConnection(sink);
    connections[index] = protocol;
  }
  const bytes = (memory() - before) / CONNECTIONS;
  const packet = Buffer.alloc(64);
  const run = (packets: number): number => {
    const start = performance.now();
    for (let i = 0; i < packets; i++) connections[i % CONNECTIONS]?.dataReceived(packet);
    return performance.now() - start;
  };
  run(PACKETS / 10);
  written = 0;
  const ms = run(PACKETS);
  if (written !== PACKETS * 64) throw new Error(`${written} bytes came through`);
  return { 'ns a packet': (ms * 1e6) / PACKETS, 'bytes a connection': bytes };
}

function memory(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function report(rounds: number): void {
  const self = fileURLToPath(import.meta.url);
  const all = new Map<string, Figures[]>();
  for (let round = 0; round < rounds; round++) {
    for (const name of Object.keys(CONTENDERS)) {
      const args = [...process.execArgv, self, name];
      const figures: Figures = JSON.parse(execFileSync(process.execPath, args).toString());
      all.set(name, [...(all.get(name) ?? []), figures]);
    }
  }
  console.log(`${CONNECTIONS} connections, ${PACKETS} packets, ${rounds} rounds: median (range)`);
  console.log([''.padEnd(18), ...FIGURES.map((name) => name.padStart(26))].join(''));
  for (const [name, rows] of all) {
    const cells = FIGURES.map((figure) => {
      const spread = spreadOf(rows.map((row) => row[figure]));
      const { median = Number.NaN, min = 0, max = 0 } = spread ?? {};
      return `${median.toFixed(1)} (${min.toFixed(1)}-${max.toFixed(1)})`.padStart(26);
    });
    console.log([name.padEnd(18), ...cells].join(''));
  }
}

const [first] = process.argv.slice(2);
const wrap = CONTENDERS[first ?? ''];
if (wrap === undefined) report(Number(first ?? 5));
else console.log(JSON.stringify(contend(wrap)));
