/**
 * The part of every reactor that has no sockets: time, turns, running and stopping, system events, and the register of open
 * ports and connections. It uses a loop that exists without it, usually Node's own.
 */
import type { Clock, DelayedCall } from '../../core/clock.js';
import type { ErrorReporter } from '../../core/error-reporter.js';
import { ReactorStoppingError } from '../../core/errors/reactor.js';
import type { ReactorLife, RunOptions } from '../../core/reactor-life.js';
import type { ReactorThreads } from '../../core/reactor-threads.js';
import type { SystemEventPhase, SystemEventTrigger } from '../../core/system-event.js';
import { isInstance } from '../../core/text-of.js';
import { onRejection } from '../../defer/callback-result.js';
import { Deferred } from '../../defer/deferred.js';
import { failLikePromise } from '../../defer/unhandled.js';
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkMilliseconds,
} from '../../internal/check.js';
import { printError, reportError } from '../../internal/error-report.js';
import { checkOptions } from '../../internal/options.js';
import type { RunEnds } from '../../internal/run-ends.js';
import { RUN_OPTIONS } from '../../internal/run-options.js';
import {
  DEFAULT_COLLECT_AFTER_BYTES,
  DEFAULT_SHUTDOWN_TIMEOUT_MS,
  type ReactorOptions,
} from '../reactor-options.js';
import type { LoopHost } from '../time/loop-host.js';
import { Turns } from '../time/turns.js';
import { ConnectionCounts } from './connection-counts.js';
import type { OpenPort, PendingConnector, PortReactor } from './port-reactor.js';
import { RunPhases } from './run-phases.js';
import { type EndingThreads, type OpenSockets, Shutdown } from './shutdown.js';
import { SystemEventTriggers } from './system-events.js';

export class ReactorCore
  implements
    PortReactor,
    Clock,
    Pick<ReactorThreads, 'callFromThread'>,
    Omit<ReactorLife, typeof Symbol.asyncDispose>
{
  readonly ports: Set<OpenPort> = new Set();
  /** Connectors with an attempt in progress. */
  readonly connectors: Set<PendingConnector> = new Set();
  readonly connections: ConnectionCounts = new ConnectionCounts();
  readonly poisonsLentBytes: boolean;
  /** Infinite if the reactor never collects. */
  readonly collectAfterBytes: number;
  readonly #host: LoopHost;
  readonly #sockets: OpenSockets;
  readonly #reportError: ErrorReporter;
  readonly #events: SystemEventTriggers;
  readonly #turns: Turns;
  readonly #phases: RunPhases;

  /** @param sockets The open sockets of the implementation. */
  constructor(
    options: ReactorOptions,
    host: LoopHost,
    sockets: OpenSockets,
    threads: EndingThreads,
  ) {
    this.#host = host;
    this.#sockets = sockets;
    this.poisonsLentBytes = checkBoolean('poisonLentBytes', options.poisonLentBytes ?? false);
    const collectAfterBytes = options.collectAfterBytes ?? DEFAULT_COLLECT_AFTER_BYTES;
    checkInteger('collectAfterBytes', collectAfterBytes, 0, Number.MAX_SAFE_INTEGER);
    this.collectAfterBytes = collectAfterBytes || Number.POSITIVE_INFINITY;
    this.#reportError = options.reportError ?? reportError;
    checkFunction('reportError', this.#reportError);
    this.#events = new SystemEventTriggers(this.report);
    this.#turns = new Turns(host, this.report);
    const timeoutMs = options.shutdownTimeoutMs ?? DEFAULT_SHUTDOWN_TIMEOUT_MS;
    checkMilliseconds('shutdownTimeoutMs', timeoutMs);
    const shutdown = new Shutdown(host, this.#turns, this, sockets, threads, timeoutMs);
    this.#phases = new RunPhases(host, this.#turns, this.#events, shutdown);
  }

  get running(): boolean {
    return this.#phases.running;
  }

  get runEnds(): RunEnds {
    return this.#phases.ends;
  }

  get exitSignal(): NodeJS.Signals | undefined {
    return this.#phases.exitSignal;
  }

  get clock(): Clock {
    return this;
  }

  transports(): Iterable<object> {
    return this.#sockets.transports();
  }

  now(): number {
    return this.#host.now();
  }

  callLater<Args extends unknown[]>(
    delayMs: number,
    callback: (...args: Args) => void,
    ...args: Args
  ): DelayedCall {
    return this.delay(delayMs, callback, args);
  }

  /** `callLater` with its arguments in an array. */
  delay<Args extends unknown[]>(
    delayMs: number,
    callback: (...args: Args) => void,
    args: Args,
  ): DelayedCall {
    this.#phases.checkUsable();
    return this.#turns.callLater(delayMs, callback, args);
  }

  getDelayedCalls(): DelayedCall[] {
    return this.#turns.getDelayedCalls();
  }

  /** The number of pending delayed calls. */
  get delayedCalls(): number {
    return this.#turns.delayedCalls;
  }

  run(options: RunOptions = {}): Deferred<void> {
    checkOptions('run', options, RUN_OPTIONS);
    return failLikePromise(Deferred.fromPromise(this.#phases.run(options)));
  }

  stop(): void {
    this.#phases.stop();
  }

  crash(): void {
    this.#phases.crash();
  }

  /** Stops, and ends everything that is open. */
  dispose(): Promise<void> {
    return this.#phases.dispose();
  }

  callWhenRunning<Args extends unknown[]>(callback: (...args: Args) => void, ...args: Args): void {
    checkFunction('callback', callback);
    if (this.running) {
      const result: unknown = callback(...args);
      if (result !== undefined)
        onRejection(result, (error) => this.report(error, 'callWhenRunning'));
    } else this.addSystemEventTrigger('after', 'startup', callback, ...args);
  }

  callFromThread<Args extends unknown[]>(callback: (...args: Args) => void, ...args: Args): void {
    this.#turns.callFromThread(callback, args);
  }

  addSystemEventTrigger<Args extends unknown[]>(
    phase: SystemEventPhase,
    event: string,
    callback: (...args: Args) => unknown,
    ...args: Args
  ): SystemEventTrigger {
    return this.#events.addSystemEventTrigger(phase, event, callback, ...args);
  }

  removeSystemEventTrigger(trigger: SystemEventTrigger): void {
    this.#events.removeSystemEventTrigger(trigger);
  }

  fireSystemEvent(event: string): Deferred<void> {
    return this.#phases.fireSystemEvent(event);
  }

  checkOpen(): void {
    this.#phases.checkOpen();
  }

  readonly report: ErrorReporter = (error, where, peer) => {
    if (this.#phases.closing && isInstance(error, ReactorStoppingError)) return;
    const reporterFailed = (reporterError: unknown): void => {
      printError(error, where, peer);
      printError(reporterError, 'reportError');
    };
    try {
      const result: unknown = this.#reportError(error, where, peer);
      if (result !== undefined) onRejection(result, reporterFailed);
    } catch (reporterError) {
      reporterFailed(reporterError);
    }
  };

  soon(callback: () => void): void {
    this.#turns.soon(callback);
  }

  /** Runs the callbacks given to `soon`: call it before delivering received data. */
  runSoon(): void {
    this.#turns.runSoon();
  }

  nextTurn(): Deferred<void> {
    const turn = new Deferred<void>();
    this.soon(() => {
      if (!turn.fired) turn.callback();
    });
    return turn;
  }
}
