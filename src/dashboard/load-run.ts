/**
 * A comparison of the two reactors: each in turn serves an echo to the same clients, in processes of their own, so that neither the
 * program nor the page is part of the measurement. It lasts some twelve seconds at most, and longer only until its deadline.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock, DelayedCall } from '../core/clock.js';
import type { FromLoadProgram, LoadOrder, ServerReport } from './load-messages.js';

export type LoadKind = 'native' | 'node';

/** The rate in one part of a run. */
export interface LoadPoint {
  /** Seconds since this reactor's measurement began. */
  readonly seconds: number;
  readonly messagesPerSecond: number;
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

export interface LoadState {
  readonly state: 'idle' | 'running' | 'done' | 'cancelled' | 'failed';
  /** The reactor that is measured now. */
  readonly kind: LoadKind | null;
  /** 0 to 1. */
  readonly progress: number;
  readonly connections: number;
  readonly messageBytes: number;
  readonly points: Readonly<Record<LoadKind, readonly LoadPoint[]>>;
  readonly results: Readonly<Partial<Record<LoadKind, LoadResult>>>;
  /** Why a reactor could not be measured. */
  readonly failures: Readonly<Partial<Record<LoadKind, string>>>;
}

export interface LoadRunOptions {
  /** The length of the measurement of each reactor. */
  readonly measureMs: number;
  readonly connections: number;
  readonly messageBytes: number;
}

const KINDS: readonly LoadKind[] = ['native', 'node'];
/** Before the measurement of each reactor, for its code to be compiled. */
const WARM_UP_MS = 1_000;
/** Of each reactor, beyond its measurement: the start of two processes. */
const EXTRA_MS = 15_000;
const PROGRAM = new URL('../../dist/dashboard/load-program.js', import.meta.url);

export const IDLE_LOAD: LoadState = {
  state: 'idle',
  kind: null,
  progress: 0,
  connections: 0,
  messageBytes: 0,
  points: { native: [], node: [] },
  results: {},
  failures: {},
};

interface Running {
  readonly kind: LoadKind;
  readonly children: Set<ChildProcess>;
  readonly deadline: DelayedCall;
  readonly finish: () => void;
}

export class LoadRun {
  readonly #clock: Clock;
  readonly #options: LoadRunOptions;
  readonly #changed: (state: LoadState) => void;
  #state: LoadState;
  #running: Running | undefined;
  #cancelled = false;

  /** @param changed Called with each new state. */
  constructor(clock: Clock, options: LoadRunOptions, changed: (state: LoadState) => void) {
    this.#clock = clock;
    this.#options = options;
    this.#changed = changed;
    const { connections, messageBytes } = options;
    this.#state = { ...IDLE_LOAD, state: 'running', kind: 'native', connections, messageBytes };
  }

  get state(): LoadState {
    return this.#state;
  }

  /** Settles when the run has ended, for whatever reason. */
  async run(): Promise<void> {
    this.#change({});
    for (const kind of KINDS) {
      if (this.#cancelled) break;
      this.#change({ kind });
      await this.#measure(kind);
    }
    const { results } = this.#state;
    let state: LoadState['state'] = Object.keys(results).length === 0 ? 'failed' : 'done';
    if (this.#cancelled) state = 'cancelled';
    this.#change({ state, kind: null, progress: 1 });
  }

  /** Ends the run at once. */
  cancel(): void {
    this.#cancelled = true;
    this.#running?.finish();
  }

  #change(changes: Partial<LoadState>): void {
    this.#state = { ...this.#state, ...changes };
    this.#changed(this.#state);
  }

  #measure(kind: LoadKind): Promise<void> {
    return new Promise((resolve) => {
      const children: Set<ChildProcess> = new Set();
      const finish = (): void => {
        if (this.#running?.children !== children) return;
        this.#running = undefined;
        if (deadline.active()) deadline.cancel();
        for (const child of children) stop(child);
        resolve();
      };
      const deadline = this.#clock.callLater(this.#options.measureMs + EXTRA_MS, () =>
        this.#fail(kind, 'it took too long'),
      );
      deadline.whenDropped(finish);
      this.#running = { kind, children, deadline, finish };
      this.#serve(kind, children);
    });
  }

  #serve(kind: LoadKind, children: Set<ChildProcess>): void {
    const measurement = new Measurement(this.#clock, this.#options.measureMs);
    const { connections, messageBytes } = this.#options;
    const order = { connections, messageBytes };
    let hasClient = false;
    this.#start({ ...order, role: 'server', reactor: kind, port: 0 }, kind, children, (report) => {
      if (report.role !== 'server') return;
      measurement.served(report);
      if (hasClient) return;
      hasClient = true;
      const client = { ...order, role: 'client', reactor: 'auto', port: report.port } as const;
      this.#start(client, kind, children, (answers) => {
        if (answers.role === 'client') this.#answered(kind, measurement, answers);
      });
    });
  }

  #answered(
    kind: LoadKind,
    measurement: Measurement,
    answers: FromLoadProgram & { role: 'client' },
  ): void {
    const point = measurement.answered(answers);
    const { points } = this.#state;
    const share = (KINDS.indexOf(kind) + measurement.progress) / KINDS.length;
    this.#change({
      progress: share,
      points: point === undefined ? points : { ...points, [kind]: [...points[kind], point] },
    });
    const { result } = measurement;
    if (result === undefined) return;
    this.#change({ results: { ...this.#state.results, [kind]: result } });
    this.#running?.finish();
  }

  #start(
    order: LoadOrder,
    kind: LoadKind,
    children: Set<ChildProcess>,
    reported: (report: FromLoadProgram) => void,
  ): void {
    const child = fork(fileURLToPath(PROGRAM), [JSON.stringify(order)], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [],
    });
    children.add(child);
    const isCurrent = (): boolean => this.#running?.children === children;
    child.on('message', (message) => {
      const report = message as FromLoadProgram;
      if (!isCurrent()) return;
      if (report.role === 'failed') this.#fail(kind, report.message);
      else reported(report);
    });
    child.on('error', (error) => isCurrent() && this.#fail(kind, error.message));
    child.on('exit', (code, signal) => {
      children.delete(child);
      if (isCurrent()) this.#fail(kind, `its ${order.role} ended (${signal ?? `code ${code}`})`);
    });
  }

  #fail(kind: LoadKind, message: string): void {
    this.#change({ failures: { ...this.#state.failures, [kind]: message } });
    this.#running?.finish();
  }
}

/** The program ends when its channel closes; one that does not is killed. */
function stop(child: ChildProcess): void {
  child.removeAllListeners('exit');
  if (child.connected) child.disconnect();
  child.kill('SIGKILL');
}

/** The figures of one reactor, from the reports of both sides. */
class Measurement {
  readonly #clock: Clock;
  readonly #measureMs: number;
  #server: ServerReport | undefined;
  #begun: { atMs: number; messages: number; server: ServerReport } | undefined;
  #last: { atMs: number; messages: number } | undefined;
  #firstAtMs: number | undefined;
  readonly #p50: number[] = [];
  readonly #p99: number[] = [];
  result: LoadResult | undefined;

  constructor(clock: Clock, measureMs: number) {
    this.#clock = clock;
    this.#measureMs = measureMs;
  }

  get progress(): number {
    if (this.#firstAtMs === undefined) return 0;
    const passed = this.#clock.now() - this.#firstAtMs;
    return Math.min(1, passed / (WARM_UP_MS + this.#measureMs));
  }

  served(report: ServerReport): void {
    this.#server = report;
  }

  /** @returns The rate since the report before, once the measurement has begun. */
  answered(report: FromLoadProgram & { role: 'client' }): LoadPoint | undefined {
    const server = this.#server;
    const { messages } = report;
    if (server === undefined || messages === 0) return undefined;
    const atMs = this.#clock.now();
    this.#firstAtMs ??= atMs;
    if (atMs - this.#firstAtMs < WARM_UP_MS) return undefined;
    const last = this.#last;
    this.#last = { atMs, messages };
    if (last === undefined || this.#begun === undefined) {
      this.#begun = { atMs, messages, server };
      return undefined;
    }
    if (report.p50Ms !== null) this.#p50.push(report.p50Ms);
    if (report.p99Ms !== null) this.#p99.push(report.p99Ms);
    const begun = this.#begun;
    if (atMs - begun.atMs >= this.#measureMs) this.#conclude(begun, server, atMs, messages);
    return {
      seconds: (atMs - begun.atMs) / 1000,
      messagesPerSecond: ((messages - last.messages) / Math.max(1, atMs - last.atMs)) * 1000,
    };
  }

  #conclude(
    begun: { atMs: number; messages: number; server: ServerReport },
    server: ServerReport,
    atMs: number,
    total: number,
  ): void {
    const messages = total - begun.messages;
    this.result = {
      poller: server.poller,
      messages,
      messagesPerSecond: (messages / (atMs - begun.atMs)) * 1000,
      cpuUsPerMessage: ((server.cpuMs - begun.server.cpuMs) / Math.max(1, messages)) * 1000,
      p50Ms: median(this.#p50),
      p99Ms: median(this.#p99),
      rssBytes: server.rssBytes,
    };
  }
}

function median(values: readonly number[]): number | null {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}
