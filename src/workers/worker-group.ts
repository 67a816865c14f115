/** A group of workers: its start, its metrics, rolling restarts and its end. The slots know the worker in each place. */
import type { HostPort } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import type { ReactorStatistics } from '../core/reactor-introspection.js';
import { Deferred } from '../defer/deferred.js';
import { reportError } from '../internal/error-report.js';
import { WorkersStoppedError } from './errors.js';
import { sumOf } from './measurement.js';
import type { FromWorker, WorkerOrder } from './messages.js';
import { RestartDelays } from './restart-delays.js';
import type { Spawn } from './spawn.js';
import type { WorkerSettings } from './worker-settings.js';
import { WorkerSlot } from './worker-slot.js';

/** The metrics of one place in a group, summed over the workers it has had. */
export interface WorkerMetrics {
  /** Which one, counted from 0. */
  readonly worker: number;
  readonly statistics: ReactorStatistics;
  /** The counters of its module, by name. */
  readonly counters: Readonly<Record<string, number>>;
  /** The values of its module's gauges, by name. */
  readonly gauges: Readonly<Record<string, number>>;
  /** How many of them hung and were killed. */
  readonly hangs: number;
  /** False if the worker was too busy to answer within a second, or has ended: these are its last values. */
  readonly current: boolean;
}

/** The metrics of a group since it was made. */
export interface GroupMetrics {
  readonly workers: readonly WorkerMetrics[];
  /** The sums; for the lengths of turns, the longest. */
  readonly statistics: ReactorStatistics;
  /** The sums, by name. */
  readonly counters: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
  /** How many workers hung and were killed. */
  readonly hangs: number;
}

/** The environment of a group. */
export interface GroupSurroundings {
  readonly spawn: Spawn;
  readonly clock: Clock;
  /** As `Math.random`. */
  readonly random: () => number;
  /** Whether a debugger may stop the workers with this process. */
  readonly debugged: () => boolean;
}

/** The result of `runWorkers`. The process stays alive as long as the group. */
export class WorkerGroup implements AsyncDisposable {
  /**
   * Fires when all workers are ready. Fails with a WorkerStartError if one could not start, after the others have been
   * stopped, and with a WorkersStoppedError if `stop` was called before.
   */
  readonly ready: Deferred<void>;
  readonly #settings: WorkerSettings;
  readonly #slots: readonly WorkerSlot[];
  readonly #ports: Record<string, number> = {};
  readonly #addresses: HostPort[] = [];
  #state: 'first' | 'others' | 'running' | 'stopped' = 'first';
  #claimed = false;
  /** Settles when nothing is being started or replaced. */
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
        emit: (event) => this.#emit(() => settings.onEvent(event)),
      });
    });
    const started = this.#start();
    this.#rolling = started.catch(() => {});
    this.ready = Deferred.fromPromise(started);
  }

  /** The addresses at which the workers listen, in the order of the first worker's calls. Complete once it is ready. */
  get addresses(): readonly HostPort[] {
    return [...this.#addresses];
  }

  /** Requests the metrics of all workers. Never fails; after the end it returns the last ones. */
  metrics(): Deferred<GroupMetrics> {
    return Deferred.fromPromise(this.#measure());
  }

  /**
   * Starts a successor for each worker, one after another, so that the module is loaded again; when a successor is ready, its
   * predecessor drains. The ports listen all the time. If it is called again meanwhile, the workers are replaced once more
   * afterwards.
   *
   * @returns A Deferred that fires when all predecessors have ended. It fails with a WorkerStartError as soon as a successor
   * cannot start (that worker and the following ones are kept), and with a WorkersStoppedError.
   */
  restartAll(): Deferred<void> {
    const rolled = this.#rolling.then(() => this.#replaceAll());
    this.#rolling = rolled.catch(() => {});
    return Deferred.fromPromise(rolled);
  }

  /**
   * Ends all workers: they stop accepting, their stop functions are called, and they end when the connections that they
   * accepted are closed, after `drainMs` at the latest. A worker that has not ended by then is killed two seconds later.
   * Calling it again changes nothing.
   *
   * @returns A Deferred that fires when all have ended. It never fails.
   */
  stop(): Deferred<void> {
    return Deferred.fromPromise(this.#stop());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  /** Starts one worker first: all others use the ports that it gets. */
  async #start(): Promise<void> {
    const [first, ...others] = this.#slots;
    try {
      // Not before the caller has the group: `onEvent` may use it.
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

  #stop(): Promise<void> {
    this.#ended ??= this.#stopAll();
    return this.#ended;
  }

  async #stopAll(): Promise<void> {
    this.#state = 'stopped';
    for (const slot of this.#slots) slot.stop();
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

  #emit(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      reportError(error, 'onEvent');
    }
  }
}
