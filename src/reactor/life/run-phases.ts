/**
 * How a reactor runs and stops. docs/stopping.md is the contract.
 *
 *     idle --run--> starting --startup fired--> running --stop--> stopping --shutdown fired--> idle
 *      |                                                                                        |
 *      +-----------------------------------------dispose----------------------------------------+--> disposed
 *
 * `crash` leads from any of the middle three back to idle at once. The state of a run is a separate object, so that
 * triggers of a crashed run that end late find that it is not the current one.
 */
import { isMainThread } from 'node:worker_threads';

import {
  ReactorAlreadyRunningError,
  ReactorDisposedError,
  ReactorNotRunningError,
  ReactorStoppingError,
} from '../../core/errors/reactor.js';
import type { RunOptions } from '../../core/reactor-life.js';
import { Deferred } from '../../defer/deferred.js';
import { inlineCallbacks } from '../../defer/inline-callbacks.js';
import { succeed } from '../../defer/succeed.js';
import { RunEnds } from '../../internal/run-ends.js';
import type { LoopHost } from '../time/loop-host.js';
import type { Turns } from '../time/turns.js';
import { RunSignals } from './run-signals.js';
import type { Shutdown } from './shutdown.js';
import type { SystemEventTriggers } from './system-events.js';

/** One run, from `run` until it settles. */
class Run {
  phase: 'starting' | 'running' | 'stopping' = 'starting';
  /** Whether `startup` has reached its `during` phase. */
  begun = false;
  /** Fires once `startup` has been fired. */
  started: Deferred<void> = succeed();
  signals: RunSignals | undefined = undefined;
  end: () => void = () => {};
  readonly ended: Promise<void> = new Promise((resolve) => {
    this.end = resolve;
  });
}

export class RunPhases {
  readonly ends: RunEnds = new RunEnds();
  readonly #host: LoopHost;
  readonly #turns: Turns;
  readonly #events: SystemEventTriggers;
  readonly #shutdown: Shutdown;
  #run: Run | undefined;
  /** Whether sockets may be opened, and whether the reactor may still be used. */
  #state: 'open' | 'closing' | 'disposed' = 'open';
  #disposal: Promise<void> | undefined;
  #exitSignal: NodeJS.Signals | undefined;

  constructor(host: LoopHost, turns: Turns, events: SystemEventTriggers, shutdown: Shutdown) {
    this.#host = host;
    this.#turns = turns;
    this.#events = events;
    this.#shutdown = shutdown;
  }

  /** From `startup` until the end of the run. */
  get running(): boolean {
    return this.#run?.begun === true;
  }

  /** Whether connections are being ended and new ones are refused. */
  get closing(): boolean {
    return this.#state === 'closing';
  }

  get exitSignal(): NodeJS.Signals | undefined {
    return this.#exitSignal;
  }

  /** @throws ReactorDisposedError */
  checkUsable(): void {
    if (this.#state === 'disposed') throw new ReactorDisposedError();
  }

  /** @throws ReactorDisposedError, ReactorStoppingError */
  checkOpen(): void {
    this.checkUsable();
    if (this.#state === 'closing') throw new ReactorStoppingError();
  }

  /** @returns Settles at the end of the run; rejects with ReactorAlreadyRunningError, ReactorDisposedError. */
  async run(options: RunOptions): Promise<void> {
    if (this.#run !== undefined) throw new ReactorAlreadyRunningError();
    if (this.#state !== 'open') throw new ReactorDisposedError();
    const run = new Run();
    this.#run = run;
    this.#exitSignal = undefined;
    this.ends.begin();
    const letProcessEnd = this.#host.keepAlive();
    if (options.installSignalHandlers ?? isMainThread) {
      run.signals = new RunSignals((signal) => this.#signalled(run, signal));
      run.signals.listen();
    }
    run.started = this.#events.fireWith('startup', () => {
      if (run.phase === 'starting') run.phase = 'running';
      run.begun = true;
    });
    await run.ended;
    letProcessEnd();
  }

  /** @throws ReactorNotRunningError */
  stop(): void {
    const run = this.#run;
    if (run === undefined || run.phase === 'stopping') throw new ReactorNotRunningError();
    run.phase = 'stopping';
    this.#turns.soon(() => void this.#shutDown(run));
  }

  /** @throws ReactorNotRunningError */
  crash(): void {
    const run = this.#run;
    if (run === undefined) throw new ReactorNotRunningError();
    this.#end(run);
    this.#shutdown.abandon();
    this.#events.abandon('startup');
    this.#events.abandon('shutdown');
  }

  /** Firing `shutdown` while the reactor runs stops it. */
  fireSystemEvent(event: string): Deferred<void> {
    const run = this.#run;
    if (event !== 'shutdown' || run === undefined || run.phase === 'stopping') {
      return this.#events.fireSystemEvent(event);
    }
    run.phase = 'stopping';
    const fired = new Deferred<void>();
    this.#shutDown(run).addCallback(() => {
      if (!fired.fired) fired.callback();
    });
    return fired;
  }

  /** Stops, and ends everything that is open. */
  dispose(): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  readonly #shutDown: (run: Run) => Deferred<void> = inlineCallbacks(function* (
    this: RunPhases,
    run: Run,
  ) {
    yield* run.started;
    if (run !== this.#run) return;
    yield* this.#events.fireWith('shutdown', () => {
      this.#state = 'closing';
      run.signals?.listen();
      return this.#shutdown.endAll();
    });
    if (run !== this.#run) return;
    this.#turns.dropDelayedCalls();
    yield* this.#turns.quiet();
    if (run !== this.#run) return;
    // Calls made since then would run after `run` has settled.
    this.#turns.dropAllDelayedCalls();
    if (run === this.#run) this.#end(run);
  });

  #end(run: Run): void {
    this.#run = undefined;
    this.#state = 'open';
    run.signals?.ignore();
    run.end();
    this.ends.end();
  }

  async #dispose(): Promise<void> {
    // Connections end outside the callback that this may be called from.
    await Promise.resolve();
    for (let run = this.#run; run !== undefined; run = this.#run) {
      if (run.phase !== 'stopping') this.stop();
      await run.ended;
    }
    this.#state = 'closing';
    await this.#shutdown.endAll();
    this.#turns.dropDelayedCalls();
    await this.#turns.quiet();
    this.#state = 'disposed';
    this.#turns.dropDelayedCalls();
    this.ends.end();
  }

  /** The first signal stops the reactor; one while connections are being ended resets those that are left. */
  #signalled(run: Run, signal: NodeJS.Signals): void {
    if (run.phase === 'stopping') {
      this.#shutdown.cutShort();
    } else {
      this.#exitSignal = signal;
      this.stop();
    }
  }
}
