// The memory of a server process, as the kernel accounts it (proc_pid_smaps_rollup(5),
// proc_pid_status(5)). The server is not involved: no collection is forced.

import { readdirSync, readFileSync } from 'node:fs';

/** Bytes. None includes the kernel's memory for sockets and descriptors. */
export interface Memory {
  /** Resident, including shared pages: the figure of the bars. */
  readonly rss: number;
  /** Resident and anonymous: heap, stacks, without mapped files. */
  readonly anonymous: number;
  /** Resident, each shared page divided by the number of processes that share it. */
  readonly pss: number;
}

export function memoryOf(pid: number): Memory {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return {
    rss: field(rollup, 'Rss'),
    anonymous: field(rollup, 'Anonymous'),
    pss: field(rollup, 'Pss'),
  };
}

/** How many descriptors the process has open. */
export function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** The growth from `before` to `after`, per connection. */
export function growth(before: Memory, after: Memory, connections: number): Memory {
  const each = (name: keyof Memory): number => (after[name] - before[name]) / connections;
  return { rss: each('rss'), anonymous: each('anonymous'), pss: each('pss') };
}

function field(rollup: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) * 1_024;
}
