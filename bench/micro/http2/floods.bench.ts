// What floods cost an HTTP/2 server until a limit ends the connection, per byte that the attacker sends.
//
//     npx tsx bench/micro/http2/floods.bench.ts [--rounds N] [--quick]

import type { Effort, Figures, MicroBench } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { bytesOf, nsPerOperation } from '../../harness/micro/timing.js';
import { type FloodedServer, flooded } from './flooded-server.js';
import { bytesOfFlood, FLOODS, type Flood, type FloodBytes } from './floods.js';
import { SETTLING_CLIENT } from './frames.js';

/** Connections under attack at a time, for their memory, and fewer for attacks of many bytes. */
const MANY = 1_000;
const MOST_BYTES = 20_000_000;

/** Called for each flood with its bytes. */
function each(
  measure: (flood: Flood, bytes: FloodBytes, effort: Effort) => number | Promise<number>,
): (effort: Effort) => Promise<Figures> {
  return async (effort) => {
    const figures: Record<string, number> = {};
    for (const flood of FLOODS) {
      figures[flood.name] = await measure(flood, bytesOfFlood(flood), effort);
    }
    return figures;
  };
}

function attackerBytes({ length }: FloodBytes): number {
  return SETTLING_CLIENT.length + length;
}

/** From the preface to the refusal, with the making of the connection. */
function time(
  flood: Flood,
  bytes: FloodBytes,
  effort: Effort,
  operations: number,
): Promise<number> {
  return nsPerOperation(
    effort,
    operations,
    () => flooded(flood, bytes).limitOf(bytes.beyond),
    (limit) => {
      if (limit !== flood.limit) throw new Error(`${flood.name}: ${limit}, not ${flood.limit}`);
    },
  );
}

function held(flood: Flood, bytes: FloodBytes, effort: Effort): number {
  const servers: FloodedServer[] = [];
  const most = Math.floor(MOST_BYTES / bytes.length);
  const count = effort.count(Math.max(20, Math.min(MANY, most)));
  // The code has been compiled, and memory that all connections share exists.
  for (let i = 0; i < count; i++) flooded(flood, bytes);
  return bytesOf(count, () => {
    for (let i = 0; i < count; i++) servers.push(flooded(flood, bytes));
  });
}

function sentBack(flood: Flood, bytes: FloodBytes): number {
  const server = flooded(flood, bytes);
  server.limitOf(bytes.beyond);
  return server.sentBytes / attackerBytes(bytes);
}

export const bench: MicroBench = {
  title: 'Floods of HTTP/2',
  workload:
    'A server with the default limits gets the preface and as many frames of an attack as a limit permits, and one more, in chunks of 16 KiB. ' +
    'The attacker may send as much again on a new connection, or after an interval. Memory is what the connection holds in front of the last frame.',
  unit: 'as the name of the case says',
  cases: [
    {
      name: 'CPU, ns for each byte that was received',
      reference: 'Ropewalk',
      contenders: {
        Ropewalk: each((flood, bytes, effort) => time(flood, bytes, effort, attackerBytes(bytes))),
      },
    },
    {
      name: 'CPU until the refusal, us',
      reference: 'Ropewalk',
      contenders: { Ropewalk: each((flood, bytes, effort) => time(flood, bytes, effort, 1_000)) },
    },
    {
      name: 'bytes sent for each byte that was received',
      reference: 'Ropewalk',
      contenders: { Ropewalk: each(sentBack) },
    },
    { name: 'bytes held', reference: 'Ropewalk', contenders: { Ropewalk: each(held) } },
  ],
  bars: [],
};

await runAlone(import.meta.url, bench);
