/**
 * How a reactor runs and stops, and for whom the events `startup` and `shutdown` are fired.
 *
 *     idle --run--> starting --startup fired--> running --stop--> stopping --shutdown fired--> idle
 *      |                                                                                        |
 *      +-----------------------------------------dispose----------------------------------------+--> disposed
 *
 * `crash` leads from any of the middle three back to idle at once.
 */
import { isMainThread } from 'node:worker_threads';

import {
  ReactorAlreadyRunningError,
  ReactorDisposedError,
  ReactorNotRunningError,
} from '../../core/errors/reactor.js';
import type { RunOptions } from '../../core/reactor-life.js';
import type { Deferred } from '../../defer/deferred.js';
import { succeed } from '../../defer/succeed.js';
import type { LoopHost } from '../time/loop-host.js';
import type { Turns } from '../time/turns.js';
import { SignalStop } from './signal-stop.js';
import type { SystemEventTriggers } from './system-events.js';

type Phase = 'idle' | 'starting' | 'running' | 'stopping' | 'disposed';

export class RunPhases {
  readonly #host: LoopHost;
  readonly #turns: Turns;
  readonly #events: SystemEventTriggers;
  readonly #disconnectAll: () => void;
  readonly #signals = new SignalStop(() => this.#stopIfRunning());
  #phase: Phase = 'idle';
  #running = false;
  /** Settles once `startup` has been fired whole. */
  #started: Deferred<void> = succeed();
  #finishRun: (() => void) | undefined;
  #runFinished: Promise<void> = Promise.resolve();
  #letEnd: (() => void) | undefined;

  /** @param disconnectAll Ends all that the reactor has open. */
  constructor(
    host: LoopHost,
    turns: Turns,
    events: SystemEventTriggers,
    disconnectAll: () => void,
  ) {
    this.#host = host;
    this.#turns = turns;
    this.#events = events;
    this.#disconnectAll = disconnectAll;
    this.#addStartupTrigger();
    this.#addShutdownTrigger();
  }

  /** From `startup` until the end of the run. */
  get running(): boolean {
    return this.#running;
  }

  /** @throws ReactorDisposedError */
  checkUsable(): void {
    if (this.#phase === 'disposed') throw new ReactorDisposedError();
  }

  /** @returns Settles at the end of the run; rejects with ReactorAlreadyRunningError, ReactorDisposedError. */
  async run(options: RunOptions): Promise<void> {
    this.checkUsable();
    if (this.#phase !== 'idle') throw new ReactorAlreadyRunningError();
    this.#phase = 'starting';
    this.#runFinished = new Promise((resolve) => {
      this.#finishRun = resolve;
    });
    const finished = this.#runFinished;
    this.#letEnd = this.#host.keepAlive();
    if (options.installSignalHandlers ?? isMainThread) this.#signals.install();
    this.#started = this.#events.fireSystemEvent('startup');
    await finished;
  }

  /** @throws ReactorNotRunningError */
  stop(): void {
    if (this.#phase !== 'starting' && this.#phase !== 'running') throw new ReactorNotRunningError();
    this.#phase = 'stopping';
    this.#turns.soon(() => void this.#shutDown());
  }

  /** @throws ReactorNotRunningError */
  crash(): void {
    if (this.#phase === 'idle' || this.#phase === 'disposed') throw new ReactorNotRunningError();
    this.#endRun();
  }

  /** Stops, and waits for the end of the run. @returns Whether it was disposed of before. */
  async dispose(): Promise<boolean> {
    this.#stopIfRunning();
    await this.#runFinished;
    if (this.#phase === 'disposed') return true;
    this.#disconnectAll();
    this.#phase = 'disposed';
    this.#turns.dropDelayedCalls();
    return false;
  }

  #stopIfRunning(): void {
    if (this.#phase === 'starting' || this.#phase === 'running') this.stop();
  }

  /** Triggers are used up when they run, so each run needs its own. */
  #addStartupTrigger(): void {
    this.#events.addSystemEventTrigger('during', 'startup', () => {
      if (this.#phase === 'starting') this.#phase = 'running';
      this.#running = true;
    });
  }

  #addShutdownTrigger(): void {
    this.#events.addSystemEventTrigger('during', 'shutdown', this.#disconnectAll);
  }

  async #shutDown(): Promise<void> {
    await this.#started;
    await this.#events.fireSystemEvent('shutdown');
    if (this.#phase !== 'stopping') return;
    this.#turns.dropDelayedCalls();
    this.#endRun();
    this.#addShutdownTrigger();
  }

  #endRun(): void {
    this.#phase = 'idle';
    this.#running = false;
    this.#signals.remove();
    this.#letEnd?.();
    this.#finishRun?.();
    this.#addStartupTrigger();
  }
}
