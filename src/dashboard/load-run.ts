/**
 * A comparison of the two reactors: each in turn serves an echo to the same clients, in processes of their own, so that neither the
 * program nor the page is part of the measurement. Each has two rounds, in the order A B B A: on a machine that becomes busier, both
 * lose alike.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock, DelayedCall } from '../core/clock.js';
import {
  type LoadPoint,
  type LoadResult,
  LoadRound,
  type RoundTotals,
  resultOf,
} from './load-measurement.js';
import type { ClientReport, FromLoadProgram, LoadOrder } from './load-messages.js';

export type LoadKind = 'native' | 'node';

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
  /** The length of each of the four rounds. */
  readonly roundMs: number;
  readonly connections: number;
  readonly messageBytes: number;
}

const ROUNDS: readonly LoadKind[] = ['native', 'node', 'node', 'native'];
/** Of each round, beyond its measurement: the start of two processes. */
const EXTRA_MS = 10_000;
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
  #finished = 0;
  readonly #totals: Record<LoadKind, RoundTotals[]> = { native: [], node: [] };
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

  /** Settles when the run has ended: complete, cancelled or failed. */
  async run(): Promise<void> {
    this.#change({});
    for (const kind of ROUNDS) {
      if (this.#cancelled) break;
      this.#change({ kind });
      if (this.#state.failures[kind] === undefined) await this.#measure(kind);
      this.#finished += 1;
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
      const deadline = this.#clock.callLater(this.#options.roundMs + EXTRA_MS, () =>
        this.#fail(kind, 'it took too long'),
      );
      deadline.whenDropped(() => this.cancel());
      this.#running = { kind, children, deadline, finish };
      this.#serve(kind, children);
    });
  }

  #serve(kind: LoadKind, children: Set<ChildProcess>): void {
    const round = new LoadRound(this.#clock, this.#options.roundMs);
    const { connections, messageBytes } = this.#options;
    const order = { connections, messageBytes };
    let hasClient = false;
    this.#start({ ...order, role: 'server', reactor: kind, port: 0 }, kind, children, (report) => {
      if (report.role !== 'server') return;
      round.served(report);
      if (hasClient) return;
      hasClient = true;
      const client = { ...order, role: 'client', reactor: 'auto', port: report.port } as const;
      this.#start(client, kind, children, (answers) => {
        if (answers.role === 'client') this.#answered(kind, round, answers);
      });
    });
  }

  #answered(kind: LoadKind, round: LoadRound, answers: ClientReport): void {
    const point = round.answered(answers);
    const { points, results } = this.#state;
    const before = this.#totals[kind].reduce((sum, { elapsedMs }) => sum + elapsedMs, 0) / 1000;
    this.#change({
      progress: (this.#finished + round.progress) / ROUNDS.length,
      points:
        point === undefined
          ? points
          : { ...points, [kind]: [...points[kind], { ...point, seconds: before + point.seconds }] },
    });
    if (round.totals === undefined) return;
    this.#totals[kind].push(round.totals);
    this.#change({ results: { ...results, [kind]: resultOf(this.#totals[kind]) } });
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

/** Its exit is no failure then. */
function stop(child: ChildProcess): void {
  child.removeAllListeners('exit');
  if (child.connected) child.disconnect();
  child.kill('SIGKILL');
}
