/**
 * One place of a group: the worker that serves in it, its successor, the workers that drain, and the restart of a worker that
 * ended.
 *
 *     empty --start--> starting --ready--> serving --replace: the successor is ready--> its successor serves, it drains
 *       ^                 |                   |
 *       +--- back-off ----+------ ended ------+
 */
import type { DelayedCall } from '../core/clock.js';
import { Deferred } from '../defer/deferred.js';
import { reportError } from '../internal/error-report.js';
import {
  WorkerExitedError,
  WorkerHungError,
  WorkerStartError,
  WorkersStoppedError,
} from './errors.js';
import { type Measurement, NOTHING_MEASURED, sumOf, totalsOf } from './measurement.js';
import type { FromWorker, WorkerOrder } from './messages.js';
import type { RestartDelays } from './restart-delays.js';
import type { WorkerEvent } from './worker-event.js';
import { type LifeEnd, type LifeListener, type LifeSettings, WorkerLife } from './worker-life.js';

/** The dependencies of a place. */
export interface SlotSettings extends LifeSettings {
  readonly index: number;
  readonly drainMs: number;
  /** Undefined: workers that end are not started again. */
  readonly delays: RestartDelays | undefined;
  readonly makeOrder: (index: number) => WorkerOrder;
  readonly listening: (message: FromWorker & { type: 'listening' }) => void;
  readonly emit: (event: WorkerEvent) => void;
}

export class WorkerSlot implements LifeListener {
  readonly #settings: SlotSettings;
  /** All workers that are not gone: the serving one, its successor, those that drain. */
  readonly #lives: Map<WorkerLife, Deferred<WorkerLife>> = new Map();
  readonly #leavers: (() => void)[] = [];
  #serving: WorkerLife | undefined;
  #successor: WorkerLife | undefined;
  #restart: DelayedCall | undefined;
  #past: Measurement = NOTHING_MEASURED;
  #hangs = 0;
  /** Before its first worker was ready, nothing is started again: the group has failed to start. */
  #everReady = false;
  #stopped = false;

  constructor(settings: SlotSettings) {
    this.#settings = settings;
  }

  /** Starts the first worker. Fails with a WorkerStartError or a WorkersStoppedError. */
  start(): Deferred<void> {
    return this.#launch((life) => {
      this.#serving = life;
    }).addCallback(() => {});
  }

  /**
   * Starts another worker and, once it is ready, asks the previous one to end. If it fails to start, the previous one is kept.
   * Fails like {@link start}.
   */
  replace(): Deferred<void> {
    this.#cancelRestart();
    return this.#launch((life) => {
      this.#successor = life;
    }).addCallback((successor) => {
      const former = this.#serving;
      this.#successor = undefined;
      this.#serving = successor;
      if (former !== undefined) this.#drain(former);
    });
  }

  /** Asks all workers to end and starts none any more. */
  stop(drainMs: number): void {
    this.#stopped = true;
    this.#cancelRestart();
    for (const life of this.#lives.keys()) this.#drain(life, drainMs);
  }

  /** After {@link stop}: the workers have that much time from now on. */
  shorten(drainMs: number): void {
    for (const life of this.#lives.keys()) life.drain(drainMs);
  }

  /** Settles when all workers that are draining now are gone. */
  async drained(): Promise<void> {
    const drains = (life: WorkerLife): boolean => life.state === 'draining';
    while ([...this.#lives.keys()].some(drains)) {
      await new Promise<void>((resolve) => void this.#leavers.push(resolve));
    }
  }

  /** The figures since the group began, and whether all of them are current. */
  async measure(): Promise<Measurement & { readonly current: boolean; readonly hangs: number }> {
    const answers = await Promise.all([...this.#lives.keys()].map((life) => life.measure()));
    const lives = [...this.#lives.keys()].map(({ measurement }) => measurement);
    const current = answers.length > 0 && answers.every((answered) => answered);
    return { ...sumOf([this.#past, ...lives]), current, hangs: this.#hangs };
  }

  listening(_life: WorkerLife, message: FromWorker & { type: 'listening' }): void {
    this.#settings.listening(message);
  }

  ready(life: WorkerLife): void {
    this.#everReady = true;
    this.#emit({ type: 'ready', worker: this.#settings.index, id: life.id });
    this.#lives.get(life)?.callback(life);
  }

  problem(_life: WorkerLife, error: Error, where: string): void {
    reportError(error, `worker ${this.#settings.index}: ${where}`);
  }

  hung(life: WorkerLife, silentMs: number): void {
    this.#hangs++;
    this.#emit({ type: 'hung', worker: this.#settings.index, id: life.id, silentMs });
  }

  ended(life: WorkerLife, end: LifeEnd): void {
    const { index } = this.#settings;
    const { exitCode, signal, error, asked, killed, readyForMs, silentMs } = end;
    const started = this.#lives.get(life);
    this.#lives.delete(life);
    this.#past = sumOf([this.#past, totalsOf(life.measurement)]);
    if (life === this.#serving) this.#serving = undefined;
    if (life === this.#successor) this.#successor = undefined;
    const event = { exitCode, signal, error, asked, killed };
    this.#emit({ type: 'exited', worker: index, id: life.id, ...event });
    this.#startAgain(readyForMs);
    const crashed = error !== undefined || (!asked && exitCode !== 0);
    if (readyForMs === undefined) started?.errback(this.#startError(end));
    else if (silentMs !== undefined) this.#report(new WorkerHungError(index, silentMs));
    else if (crashed) this.#report(new WorkerExitedError(index, end));
    for (const look of this.#leavers.splice(0)) look();
  }

  #launch(place: (life: WorkerLife) => void): Deferred<WorkerLife> {
    const { index, makeOrder } = this.#settings;
    const started = new Deferred<WorkerLife>();
    const life = new WorkerLife(makeOrder(index), this.#settings, this);
    this.#lives.set(life, started);
    place(life);
    this.#emit({ type: 'started', worker: index, id: life.id });
    return started;
  }

  #drain(life: WorkerLife, drainMs = this.#settings.drainMs): void {
    if (life.state === 'draining' || life.state === 'ended') return;
    life.drain(drainMs);
    this.#emit({ type: 'draining', worker: this.#settings.index, id: life.id });
  }

  #startAgain(readyForMs: number | undefined): void {
    const { index, clock, delays } = this.#settings;
    const served = this.#serving !== undefined || this.#successor !== undefined;
    if (served || this.#stopped || !this.#everReady || this.#restart || delays === undefined)
      return;
    const delayMs = delays.next(readyForMs);
    this.#restart = clock.callLater(delayMs, () => {
      this.#restart = undefined;
      // This Deferred has no other listener, so a failure is reported.
      this.start().addErrback(({ value }) => {
        if (!(value instanceof WorkersStoppedError)) this.#report(value);
      });
    });
    this.#emit({ type: 'restarting', worker: index, delayMs, failures: delays.failures });
  }

  #cancelRestart(): void {
    this.#restart?.cancel();
    this.#restart = undefined;
  }

  #startError(end: LifeEnd): Error {
    const { index } = this.#settings;
    if (end.asked) return new WorkersStoppedError();
    const cause = end.startFailure ?? new WorkerExitedError(index, end);
    const error = new WorkerStartError(index, cause);
    this.#emit({ type: 'failed', worker: index, error });
    return error;
  }

  #report(error: Error): void {
    reportError(error, `worker ${this.#settings.index}`);
  }

  #emit(event: WorkerEvent): void {
    this.#settings.emit(event);
  }
}
