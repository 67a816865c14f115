// Computes figures from raw slices: the cost of a unit for each contender, and the median of ratios within
// each round, so that drift between rounds cancels out.

import type { RunRecord, ScenarioRecord, SliceRecord } from './results.js';
import type { DatagramScenario, Scenario } from './scenario-types.js';
import {
  excessOfRounds,
  quantile,
  ratioOfRounds,
  type Sample,
  type Spread,
  spreadOf,
} from './statistics.js';

export const FLOOR = 'raw-epoll';
/** The reference of ratios: the cheaper one in each scenario. */
const FLOORS = [FLOOR, `${FLOOR}-batch`];
export const BASELINE = 'node-net';
export const DATAGRAM_BASELINE = 'node-dgram';
export const TLS_BASELINE = 'node-tls';
export const HTTP_BASELINE = 'node-http';
export const HTTP2_BASELINE = 'node-http2';
export const WEBSOCKET_BASELINE = 'node-ws';
export const AGENT_BASELINE = 'undici';

/** The server of Node itself for a scenario; for WebSocket, which Node has none of, that of `ws`; for HTTP clients undici. */
export function baselineOf({ kind, service }: Scenario): {
  readonly name: string;
  readonly title: string;
} {
  if (
    service === 'http' ||
    service === 'http-proxy' ||
    service === 'express' ||
    service === 'fastify'
  )
    return { name: HTTP_BASELINE, title: 'node:http' };
  if (service === 'agent') return { name: AGENT_BASELINE, title: 'undici' };
  if (service === 'http2') return { name: HTTP2_BASELINE, title: 'node:http2' };
  if (service === 'ws') return { name: WEBSOCKET_BASELINE, title: 'ws' };
  if (service === 'tls') return { name: TLS_BASELINE, title: 'node:tls' };
  return kind === 'datagrams'
    ? { name: DATAGRAM_BASELINE, title: 'node:dgram' }
    : { name: BASELINE, title: 'node:net' };
}

/** The raw server of a record that all others are compared with; undefined when none has a figure. */
export function floorOf(record: ScenarioRecord): string | undefined {
  const costs = FLOORS.map((name) => ({ name, cost: costOf(record, name)?.median ?? Infinity }));
  const [least] = costs.sort((a, b) => a.cost - b.cost);
  return least?.cost === Infinity ? undefined : least?.name;
}

/** The same server with one worker: `ropewalk-x1` of `ropewalk-x2`; undefined for a server without workers. */
export function aloneOf(name: string): string | undefined {
  return /-x\d+$/.test(name) ? name.replace(/-x\d+$/, '-x1') : undefined;
}

/** A contender's figures in one scenario; undefined where a figure does not apply. */
export interface ContenderSummary {
  readonly name: string;
  readonly title: string;
  /** In the scenario's unit. */
  readonly cost: Spread;
  /** Ratios to the cost of raw epoll and of Node's own server. */
  readonly toFloor: Spread | undefined;
  readonly toBaseline: Spread | undefined;
  /** How many times as fast as with one worker. */
  readonly scaling: Spread | undefined;
  readonly perSecond: number | undefined;
  /** For turns: includes the time during which no core was free. */
  readonly wallUs: number | undefined;
  /** Exchanges of datagrams that were lost, in a thousand. */
  readonly lost: number | undefined;
  readonly cpuUs: number | undefined;
  readonly p50Us: number | undefined;
  readonly p90Us: number | undefined;
  readonly p99Us: number | undefined;
  readonly userInstructions: number | undefined;
  /** Bytes per connection before it carried a message, before garbage was collected, and the anonymous part of the cost. */
  readonly acceptedBytes: number | undefined;
  readonly restedBytes: number | undefined;
  readonly anonymousBytes: number | undefined;
}

interface ContenderSample extends Sample {
  readonly contender: string;
}

/** All contenders that have a figure, the cheapest first. */
export function summarize(run: RunRecord, record: ScenarioRecord): ContenderSummary[] {
  const summaries: ContenderSummary[] = [];
  for (const { name, title } of run.contenders) {
    const cost = costOf(record, name);
    if (cost !== undefined) summaries.push({ name, title, cost, ...details(record, name) });
  }
  return summaries.sort((a, b) => a.cost.median - b.cost.median);
}

export function costOf(record: ScenarioRecord, contender: string): Spread | undefined {
  return spreadOf(samplesOf(record, contender).map((sample) => sample.figure));
}

/** How many times the cost of `to` that of `of` is. */
export function ratioOf(record: ScenarioRecord, of: string, to: string): Spread | undefined {
  return ratioOfRounds(samplesOf(record, of), samplesOf(record, to));
}

/** By how much the cost of `of` exceeds that of `above`. */
export function excessOf(record: ScenarioRecord, of: string, above: string): Spread | undefined {
  return excessOfRounds(samplesOf(record, of), samplesOf(record, above));
}

/** Median user instructions per message; undefined where the machine does not count them. */
export function userInstructionsOf(record: ScenarioRecord, contender: string): number | undefined {
  return median(slicesOf(record, contender), (slice) => slice.userInstructionsPerMessage);
}

function details(record: ScenarioRecord, name: string): Omit<ContenderSummary, keyof Identity> {
  const slices = slicesOf(record, name);
  const us = (of: (slice: Traffic) => number): number | undefined =>
    median(slices, (slice) => of(slice) / 1_000);
  // The load client does not see when an HTTP client asks for what it sends.
  const latency = (of: (slice: Traffic) => number): number | undefined =>
    record.scenario.kind === 'orders' ? undefined : us(of);
  const footprints = record.footprints.filter((one) => one.contender === name);
  const baseline = baselineOf(record.scenario).name;
  const alone = aloneOf(name);
  const floor = floorOf(record);
  const { scenario } = record;
  const units = (scenario.kind === 'echo' ? scenario.linesPerMessage : undefined) ?? 1;
  return {
    toFloor: floor === undefined || name === floor ? undefined : ratioOf(record, name, floor),
    toBaseline: name === baseline ? undefined : ratioOf(record, name, baseline),
    scaling: alone === undefined ? undefined : ratioOf(record, alone, name),
    perSecond: median(slices, (slice) => ((slice.messages * units) / slice.elapsedNs) * 1e9),
    wallUs: us((slice) => slice.wallNs / slice.messages),
    lost: record.scenario.kind === 'datagrams' ? lostOf(slices, record.scenario) : undefined,
    cpuUs: median(slices, (slice) => slice.cpuUsPerMessage),
    p50Us: latency((slice) => slice.p50Ns),
    p90Us: latency((slice) => slice.p90Ns),
    p99Us: latency((slice) => slice.p99Ns),
    userInstructions: userInstructionsOf(record, name),
    acceptedBytes: median(footprints, (one) => one.accepted.rss),
    restedBytes: median(footprints, (one) => one.rested?.rss ?? null),
    anonymousBytes: median(footprints, (one) => one.used.anonymous),
  };
}

function lostOf(slices: readonly Traffic[], { out, back }: DatagramScenario): number | undefined {
  const sum = (of: (slice: Traffic) => number): number =>
    slices.reduce((total, slice) => total + of(slice), 0);
  const exchanges = sum((slice) => slice.messages) / Math.max(out, back);
  const lost = Math.max(
    0,
    sum((slice) => slice.resent - slice.late),
  );
  return exchanges > 0 ? (lost / exchanges) * 1_000 : undefined;
}

type Identity = Pick<ContenderSummary, 'name' | 'title' | 'cost'>;
type Traffic = Omit<SliceRecord, 'round'>;

/** The slices with traffic, without the first round. */
function slicesOf(record: ScenarioRecord, contender: string): Traffic[] {
  const kept = record.slices.filter((slice) => slice.round > 0);
  return [...kept, ...record.holds].filter((slice) => slice.contender === contender);
}

function samplesOf(record: ScenarioRecord, contender: string): ContenderSample[] {
  return allSamples(record).filter((sample) => sample.contender === contender);
}

function allSamples({ scenario, slices, footprints, holds }: ScenarioRecord): ContenderSample[] {
  const samples: ContenderSample[] = [];
  for (const slice of slices) {
    const cost = sliceCost(scenario, slice);
    if (slice.round > 0 && cost !== null) {
      samples.push({ round: slice.round, contender: slice.contender, figure: cost });
    }
  }
  for (const { round, contender, used } of footprints) {
    samples.push({ round, contender, figure: used.rss });
  }
  for (const { contender, cpuUsPerMessage } of holds) {
    if (cpuUsPerMessage !== null) samples.push({ round: 1, contender, figure: cpuUsPerMessage });
  }
  return samples;
}

function sliceCost(scenario: Scenario, slice: SliceRecord): number | null {
  if (scenario.kind === 'workers') {
    return slice.messages > 0 ? slice.elapsedNs / slice.messages / 1_000 : null;
  }
  if (scenario.kind !== 'echo') return slice.cpuUsPerMessage;
  if (scenario.cost === 'p50') return slice.p50Ns / 1_000;
  const { linesPerMessage } = scenario;
  if (linesPerMessage === undefined || slice.messages === 0) return slice.cpuUsPerMessage;
  return slice.cpuNs / slice.messages / linesPerMessage;
}

function median<T>(items: readonly T[], of: (item: T) => number | null): number | undefined {
  const figures = items.map(of).filter((figure) => figure !== null);
  return figures.length === 0 ? undefined : quantile(figures, 0.5);
}
