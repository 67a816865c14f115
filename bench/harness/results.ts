// The record of a run: everything that was measured, raw. Reports are made from this alone, so
// that an earlier run can be reported again.

import type { Figures } from './load-client.js';
import type { Machine } from './machine.js';
import type { Memory } from './memory.js';
import type { Scenario } from './scenario-types.js';

/** One slice. Round 0 is the one that the reports drop. */
export interface SliceRecord extends Figures {
  readonly round: number;
  readonly contender: string;
}

/** One fresh process and what its connections took, in bytes for each connection. */
export interface FootprintRecord {
  readonly round: number;
  readonly contender: string;
  /** Of the process before these connections, after a collection of garbage. */
  readonly before: Memory;
  /** Growth when all were accepted; few had carried a message. */
  readonly accepted: Memory;
  /** Growth when each had carried one message there and back, and had rested. Older results lack it. */
  readonly rested?: Memory;
  /** Growth after a collection of garbage thereafter; in older results, which lack `rested`, none was forced. */
  readonly used: Memory;
}

/** Traffic on many connections of one process. */
export interface HoldRecord extends Figures {
  readonly contender: string;
  readonly connections: number;
  /** Growth per connection after the traffic. */
  readonly used: Memory;
}

export interface ScenarioRecord {
  readonly scenario: Scenario;
  readonly slices: SliceRecord[];
  readonly footprints: FootprintRecord[];
  readonly holds: HoldRecord[];
  /** What went wrong: wrong bytes, a contender that died. Empty for a good run. */
  readonly failures: string[];
}

export interface ContenderRecord {
  readonly name: string;
  readonly title: string;
  readonly version: string;
}

export interface RunRecord {
  readonly format: 1;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly quick: boolean;
  readonly seed: number;
  readonly rounds: number;
  readonly warmupSeconds: number;
  readonly measureSeconds: number;
  readonly serverCore: number;
  readonly clientCore: number;
  readonly machine: Machine;
  /** Why user instructions are not counted; empty where they are. */
  readonly whyNoInstructions: string;
  readonly contenders: readonly ContenderRecord[];
  readonly absent: readonly { readonly name: string; readonly reason: string }[];
  readonly skipped: readonly { readonly scenario: string; readonly reason: string }[];
  readonly scenarios: readonly ScenarioRecord[];
}

export function emptyRecord(scenario: Scenario): ScenarioRecord {
  return { scenario, slices: [], footprints: [], holds: [], failures: [] };
}

/** What is wrong with a slice, or undefined. */
export function faultOf(contender: string, figures: Figures): string | undefined {
  const { wrongBytes, lostConnections, messages } = figures;
  if (wrongBytes === 0 && lostConnections === 0 && messages > 0) return undefined;
  return (
    `${contender}: ${wrongBytes} wrong bytes (${figures.differentBytes} different, ` +
    `${figures.missingBytes} missing, ${figures.surplusBytes} surplus), ` +
    `${lostConnections} lost connections, ${messages} messages`
  );
}
