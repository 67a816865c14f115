/** One life of a worker, from its start to its end: its state, its last figures, and its time limits. */
import type { Clock, DelayedCall } from '../core/clock.js';
import { TimeoutError } from '../defer/errors.js';
import { unpackError } from '../internal/remote-error.js';
import { Heartbeat } from './heartbeat.js';
import { type Measurement, NOTHING_MEASURED } from './measurement.js';
import type { FromWorker, WorkerOrder } from './messages.js';
import type { RunningWorker, Spawn, WorkerEnd, WorkerListener } from './spawn.js';

/** Time that a worker may take beyond the deadline for its end. */
export const KILL_GRACE_MS = 2_000;
/** Time that a busy worker may take to measure itself; after that, its last figures are used. */
export const MEASURE_TIMEOUT_MS = 1_000;

/** The dependencies of a life. */
export interface LifeSettings {
  readonly spawn: Spawn;
  readonly clock: Clock;
  readonly readyTimeoutMs: number;
  readonly hangTimeoutMs: number;
  /** Whether a debugger may stop the workers with this process. */
  readonly debugged: () => boolean;
}

/** Called for each change. */
export interface LifeListener {
  listening(life: WorkerLife, message: FromWorker & { type: 'listening' }): void;
  ready(life: WorkerLife): void;
  /** The worker reported an error and continues. */
  problem(life: WorkerLife, error: Error, where: string): void;
  /** The worker sent nothing for so long: it will be killed. */
  hung(life: WorkerLife, silentMs: number): void;
  ended(life: WorkerLife, end: LifeEnd): void;
}

export interface LifeEnd extends WorkerEnd {
  /** Whether it was asked to end. */
  readonly asked: boolean;
  /** Whether it was killed. */
  readonly killed: boolean;
  /** The reason why it never became ready, if its module or the time limit is the cause. */
  readonly startFailure: Error | undefined;
  /** The time without a message, if it was killed for that. */
  readonly silentMs: number | undefined;
  /** Undefined if it never was ready. */
  readonly readyForMs: number | undefined;
}

interface Measuring {
  readonly done: (measurement: Measurement | undefined) => void;
  readonly timeout: DelayedCall;
}

export class WorkerLife implements WorkerListener {
  readonly #settings: LifeSettings;
  readonly #listener: LifeListener;
  readonly #worker: RunningWorker;
  readonly #measuring: Map<number, Measuring> = new Map();
  readonly #heartbeat: Heartbeat;
  #state: 'starting' | 'ready' | 'draining' | 'ended' = 'starting';
  /** The time limit for becoming ready, later for ending. */
  #limit: DelayedCall;
  #readyAt: number | undefined;
  #startFailure: Error | undefined;
  #killed = false;
  #debugged = false;
  #silentMs: number | undefined;
  #measurement: Measurement = NOTHING_MEASURED;

  constructor(order: WorkerOrder, settings: LifeSettings, listener: LifeListener) {
    const { clock, spawn, readyTimeoutMs, hangTimeoutMs } = settings;
    this.#settings = settings;
    this.#listener = listener;
    this.#limit = clock.callLater(readyTimeoutMs, () => {
      this.#startFailure = new TimeoutError(readyTimeoutMs);
      this.#kill();
    });
    this.#heartbeat = new Heartbeat(clock, hangTimeoutMs, {
      ping: () => this.#worker.send({ type: 'ping' }),
      debugged: () => this.#debugged || settings.debugged(),
      hung: (silentMs) => this.#hung(silentMs),
    });
    this.#worker = spawn(order.index, this);
    this.#worker.send({ type: 'start', order });
  }

  /** The number of its thread or process. */
  get id(): number {
    return this.#worker.id;
  }

  get state(): 'starting' | 'ready' | 'draining' | 'ended' {
    return this.#state;
  }

  /** The last figures that it sent. */
  get measurement(): Measurement {
    return this.#measurement;
  }

  /**
   * Asks for current figures.
   * @returns Whether they arrived in time and the worker still exists.
   */
  async measure(): Promise<boolean> {
    if (this.#state === 'ended') return false;
    const id = this.#measuring.size === 0 ? 1 : Math.max(...this.#measuring.keys()) + 1;
    const answer = await new Promise<Measurement | undefined>((done) => {
      const timeout = this.#settings.clock.callLater(MEASURE_TIMEOUT_MS, () => {
        this.#measured(id, undefined);
      });
      this.#measuring.set(id, { done, timeout });
      this.#worker.send({ type: 'measure', id });
    });
    return answer !== undefined;
  }

  /** Asks the worker to end, and kills it if it has not ended some time after the deadline. A further call changes the deadline. */
  drain(deadlineMs: number): void {
    if (this.#state === 'ended') return;
    this.#state = 'draining';
    this.#heartbeat.stop();
    cancel(this.#limit);
    this.#limit = this.#settings.clock.callLater(deadlineMs + KILL_GRACE_MS, () => this.#kill());
    this.#worker.send({ type: 'drain', deadlineMs });
  }

  messageReceived(message: FromWorker): void {
    this.#heartbeat.heard();
    switch (message.type) {
      case 'listening':
        this.#listener.listening(this, message);
        return;
      case 'ready':
        this.#becomeReady();
        return;
      case 'pong':
        this.#debugged = message.debugged;
        this.#heartbeat.answered();
        return;
      case 'failed':
        this.#startFailure ??= unpackError(message.error);
        return;
      case 'problem':
        this.#listener.problem(this, unpackError(message.error), message.where);
        return;
      case 'measured':
        this.#measured(message.id, message.measurement);
        return;
      case 'drained':
        this.#measurement = message.measurement;
    }
  }

  ended(end: WorkerEnd): void {
    const asked = this.#state === 'draining';
    this.#state = 'ended';
    this.#heartbeat.stop();
    cancel(this.#limit);
    for (const id of [...this.#measuring.keys()]) this.#measured(id, undefined);
    const readyAt = this.#readyAt;
    this.#listener.ended(this, {
      ...end,
      asked,
      killed: this.#killed,
      startFailure: this.#startFailure,
      silentMs: this.#silentMs,
      readyForMs: readyAt === undefined ? undefined : this.#settings.clock.now() - readyAt,
    });
  }

  #becomeReady(): void {
    if (this.#state !== 'starting' || this.#killed) return;
    this.#state = 'ready';
    cancel(this.#limit);
    this.#readyAt = this.#settings.clock.now();
    this.#heartbeat.start();
    this.#listener.ready(this);
  }

  #measured(id: number, measurement: Measurement | undefined): void {
    const measuring = this.#measuring.get(id);
    if (measuring === undefined) return;
    this.#measuring.delete(id);
    cancel(measuring.timeout);
    if (measurement !== undefined) this.#measurement = measurement;
    measuring.done(measurement);
  }

  #hung(silentMs: number): void {
    this.#silentMs = silentMs;
    this.#listener.hung(this, silentMs);
    this.#kill();
  }

  #kill(): void {
    this.#killed = true;
    this.#worker.kill();
  }
}

function cancel(call: DelayedCall): void {
  if (call.active()) call.cancel();
}
