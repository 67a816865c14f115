/** A group of workers: its start, its figures, rolling restarts and its end. The slots manage the workers of each place. */
import type { HostPort } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import type { ReactorStatistics } from '../core/reactor-introspection.js';
import { callReported } from '../defer/callback-result.js';
import { Deferred } from '../defer/deferred.js';
import { checkMilliseconds } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { WorkersStoppedError } from './errors.js';
import { sumOf } from './measurement.js';
import type { FromWorker, WorkerOrder } from './messages.js';
import { RestartDelays } from './restart-delays.js';
import type { Spawn } from './spawn.js';
import type { WorkerSettings } from './worker-settings.js';
import { WorkerSlot } from './worker-slot.js';

/** The figures of one place of a group, summed over all workers it has had. */
export interface WorkerMetrics {
  /** The index of the place, from 0. */
  readonly worker: number;
  readonly statistics: ReactorStatistics;
  /** The counters of its module, by name. */
  readonly counters: Readonly<Record<string, number>>;
  /** The values of the gauges of its module, by name. */
  readonly gauges: Readonly<Record<string, number>>;
  /** Time that its event loop was busy, and time that it waited for events, in milliseconds: the load is their ratio. */
  readonly busyMs: number;
  readonly idleMs: number;
  /** The counts of its reactor's `turnHistogram()`; empty if turns are not measured. */
  readonly turnCounts: readonly number[];
  /** The number of workers that hung and were killed. */
  readonly hangs: number;
  /** False if the worker is gone or was too busy to answer within a second: these are its last figures. */
  readonly current: boolean;
}

/** The figures of a group since its creation. */
export interface GroupMetrics {
  readonly workers: readonly WorkerMetrics[];
  /** The sums; for the durations of turns, the longest. */
  readonly statistics: ReactorStatistics;
  /** The sums, by name. */
  readonly counters: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
  readonly busyMs: number;
  readonly idleMs: number;
  readonly turnCounts: readonly number[];
  /** The number of workers that hung and were killed. */
  readonly hangs: number;
}

export interface WorkerStopOptions {
  /** The time for open connections to end, in milliseconds. Default: that of the group. */
  readonly drainMs?: number;
}

const STOP_OPTIONS: OptionNames<WorkerStopOptions> = { drainMs: true };

/** The dependencies of a group. */
export interface GroupSurroundings {
  readonly spawn: Spawn;
  readonly clock: Clock;
  /** Like `Math.random`. */
  readonly random: () => number;
  /** Whether a debugger may stop the workers with this process. */
  readonly debugged: () => boolean;
}

/** The result of `runWorkers`. The process lives as long as the group. */
export class WorkerGroup implements AsyncDisposable {
  /**
   * Fires when all workers are ready. Fails with a WorkerStartError if a worker could not start, after the others were stopped
   * again; with a WorkersStoppedError if `stop` was called earlier.
   */
  readonly ready: Deferred<void>;
  readonly #settings: WorkerSettings;
  readonly #slots: readonly WorkerSlot[];
  readonly #ports: Record<string, number> = {};
  readonly #addresses: HostPort[] = [];
  #state: 'first' | 'others' | 'running' | 'stopped' = 'first';
  #claimed = false;
  /** Settles when no worker is being started or replaced. */
  #rolling: Promise<void>;
  #ended: Promise<void> | undefined;

  /** @internal Use `runWorkers`. */
  constructor(settings: WorkerSettings, surroundings: GroupSurroundings) {
    this.#settings = settings;
    const { restart } = settings;
    this.#slots = Array.from({ length: settings.workers }, (_, index) => {
      return new WorkerSlot({
        ...surroundings,
        index,
        drainMs: settings.drainMs,
        readyTimeoutMs: settings.readyTimeoutMs,
        hangTimeoutMs: settings.hangTimeoutMs,
        delays: restart && new RestartDelays(restart, surroundings.random),
        makeOrder: (worker) => this.#makeOrder(worker),
        listening: (message) => this.#listening(message),
        emit: (event) => callReported('onEvent', settings.onEvent, event),
      });
    });
    const started = this.#start();
    this.#rolling = started.catch(() => {});
    this.ready = Deferred.fromPromise(started);
  }

  /** The addresses of the ports, in the order in which the first worker opened them. Complete once that worker is ready. */
  get addresses(): readonly HostPort[] {
    return [...this.#addresses];
  }

  /** Asks all workers for their figures. Never fails; after the end it returns the last ones. */
  metrics(): Deferred<GroupMetrics> {
    return Deferred.fromPromise(this.#measure());
  }

  /**
   * Replaces the workers one after the other, so that the module is loaded again: starts a successor and, once it is ready, drains
   * the previous worker. The ports are listening all the time. If this is called during a replacement, the workers are replaced
   * once more afterwards.
   *
   * @returns A Deferred that fires when all previous workers are gone. It fails with a WorkerStartError as soon as a successor
   * cannot start: that worker and those after it are kept; with a WorkersStoppedError if the group is stopped.
   */
  restartAll(): Deferred<void> {
    const rolled = this.#rolling.then(() => this.#replaceAll());
    this.#rolling = rolled.catch(() => {});
    return Deferred.fromPromise(rolled);
  }

  /**
   * Ends all workers: they stop accepting, their stop functions are called, and they end when the connections that they accepted
   * are closed, after `drainMs` at the latest. A worker that has not ended by then is killed two seconds later. A further call
   * without options has no effect; one with `drainMs` begins that time anew, for workers that are draining too.
   *
   * @returns A Deferred that fires when all workers are gone. It never fails.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  stop(options: WorkerStopOptions = {}): Deferred<void> {
    checkOptions('stop', options, STOP_OPTIONS);
    const { drainMs } = options;
    if (drainMs !== undefined) checkMilliseconds('drainMs', drainMs);
    return Deferred.fromPromise(this.#stop(drainMs));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  /** Starts one worker first: the others use the ports that it receives. */
  async #start(): Promise<void> {
    const [first, ...others] = this.#slots;
    try {
      // Not before the caller has the group, because `onEvent` may use it.
      await Promise.resolve();
      this.#checkGoing();
      await first?.start();
      this.#checkGoing();
      this.#state = 'others';
      await Promise.all(others.map((slot) => slot.start()));
      if (this.#state === 'others') this.#state = 'running';
    } catch (error) {
      await this.#stop();
      throw error;
    }
  }

  async #replaceAll(): Promise<void> {
    for (const slot of this.#slots) {
      this.#checkGoing();
      await slot.replace();
    }
    await Promise.all(this.#slots.map((slot) => slot.drained()));
  }

  #checkGoing(): void {
    if (this.#state === 'stopped') throw new WorkersStoppedError();
  }

  #stop(drainMs?: number): Promise<void> {
    if (this.#ended === undefined) this.#ended = this.#stopAll(drainMs);
    else if (drainMs !== undefined) for (const slot of this.#slots) slot.shorten(drainMs);
    return this.#ended;
  }

  async #stopAll(drainMs = this.#settings.drainMs): Promise<void> {
    this.#state = 'stopped';
    for (const slot of this.#slots) slot.stop(drainMs);
    await Promise.all(this.#slots.map((slot) => slot.drained()));
  }

  async #measure(): Promise<GroupMetrics> {
    const measured = await Promise.all(this.#slots.map((slot) => slot.measure()));
    const workers = measured.map((figures, worker) => ({ worker, ...figures }));
    const hangs = measured.reduce((sum, figures) => sum + figures.hangs, 0);
    return { workers, ...sumOf(measured), hangs };
  }

  #makeOrder(index: number): WorkerOrder {
    const { module, workers, kind, data, reactor } = this.#settings;
    const claimPorts = !this.#claimed;
    this.#claimed = true;
    const ports = { ...this.#ports };
    return { module, index, workers, kind, data, reactor, ports, claimPorts };
  }

  #listening({ key, host, port }: FromWorker & { type: 'listening' }): void {
    if (key !== undefined) this.#ports[key] ??= port;
    if (this.#state === 'first') this.#addresses.push({ host, port });
  }
}
