/** The figures of one round of a load run, from the reports of both sides. */
import type { Clock } from '../core/clock.js';
import type { ClientReport, ServerReport } from './load-messages.js';

/** The rate in one part of a round. */
export interface LoadPoint {
  /** Seconds of measurement until its end. */
  readonly seconds: number;
  readonly messagesPerSecond: number;
}

export interface RoundTotals {
  readonly poller: string;
  readonly messages: number;
  readonly elapsedMs: number;
  /** Processor time of the server. */
  readonly cpuMs: number;
  /** Of the times from a message to its answer, for each report. */
  readonly p50Ms: readonly number[];
  readonly p99Ms: readonly number[];
  readonly rssBytes: number;
}

export interface LoadResult {
  readonly poller: string;
  readonly messages: number;
  readonly messagesPerSecond: number;
  readonly cpuUsPerMessage: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly rssBytes: number;
}

/** Before the measurement, for the code to be compiled. */
const WARM_UP_MS = 700;

interface Beginning {
  readonly atMs: number;
  readonly messages: number;
  readonly server: ServerReport;
}

export class LoadRound {
  readonly #clock: Clock;
  readonly #roundMs: number;
  #server: ServerReport | undefined;
  #firstAtMs: number | undefined;
  #begun: Beginning | undefined;
  #last: Pick<Beginning, 'atMs' | 'messages'> = { atMs: 0, messages: 0 };
  readonly #p50Ms: number[] = [];
  readonly #p99Ms: number[] = [];
  /** Once the round is complete. */
  totals: RoundTotals | undefined;

  constructor(clock: Clock, roundMs: number) {
    this.#clock = clock;
    this.#roundMs = roundMs;
  }

  /** 0 to 1. */
  get progress(): number {
    if (this.#firstAtMs === undefined) return 0;
    return Math.min(1, (this.#clock.now() - this.#firstAtMs) / (WARM_UP_MS + this.#roundMs));
  }

  served(report: ServerReport): void {
    this.#server = report;
  }

  /** @returns The rate since the report before, once the measurement has begun. */
  answered({ messages, p50Ms, p99Ms }: ClientReport): LoadPoint | undefined {
    const server = this.#server;
    if (server === undefined || messages === 0 || this.totals !== undefined) return undefined;
    const atMs = this.#clock.now();
    this.#firstAtMs ??= atMs;
    if (atMs - this.#firstAtMs < WARM_UP_MS) return undefined;
    const last = this.#last;
    this.#last = { atMs, messages };
    if (this.#begun === undefined) {
      this.#begun = { atMs, messages, server };
      return undefined;
    }
    if (p50Ms !== null) this.#p50Ms.push(p50Ms);
    if (p99Ms !== null) this.#p99Ms.push(p99Ms);
    const elapsedMs = atMs - this.#begun.atMs;
    if (elapsedMs >= this.#roundMs) this.#conclude(this.#begun, server, elapsedMs, messages);
    return {
      seconds: elapsedMs / 1000,
      messagesPerSecond: ((messages - last.messages) / Math.max(1, atMs - last.atMs)) * 1000,
    };
  }

  #conclude(begun: Beginning, server: ServerReport, elapsedMs: number, messages: number): void {
    this.totals = {
      poller: server.poller,
      messages: messages - begun.messages,
      elapsedMs,
      cpuMs: server.cpuMs - begun.server.cpuMs,
      p50Ms: this.#p50Ms,
      p99Ms: this.#p99Ms,
      rssBytes: server.rssBytes,
    };
  }
}

/** The figures of a reactor over its rounds. @param rounds At least one. */
export function resultOf(rounds: readonly RoundTotals[]): LoadResult {
  const sum = (of: (round: RoundTotals) => number): number =>
    rounds.reduce((total, round) => total + of(round), 0);
  const messages = sum((round) => round.messages);
  return {
    poller: rounds[0]?.poller ?? '',
    messages,
    messagesPerSecond:
      (messages /
        Math.max(
          1,
          sum(({ elapsedMs }) => elapsedMs),
        )) *
      1000,
    cpuUsPerMessage: (sum(({ cpuMs }) => cpuMs) / Math.max(1, messages)) * 1000,
    p50Ms: median(rounds.flatMap(({ p50Ms }) => p50Ms)),
    p99Ms: median(rounds.flatMap(({ p99Ms }) => p99Ms)),
    rssBytes: Math.max(...rounds.map(({ rssBytes }) => rssBytes)),
  };
}

function median(values: readonly number[]): number | null {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}
