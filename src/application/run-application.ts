/** Runs an application from its start to its end. */
import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';

import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { ReactorAlreadyRunningError, ReactorNotRunningError } from '../core/errors/reactor.js';
import type { SystemEventTrigger } from '../core/system-event.js';
import { callReported } from '../defer/callback-result.js';
import { Deferred } from '../defer/deferred.js';
import { TimeoutError } from '../defer/errors.js';
import { checkBoolean, checkFunction, checkMilliseconds } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { Application } from './application.js';
import { Drain, type DrainFigures } from './drain.js';
import { MultiService } from './multi-service.js';
import { RunSignals } from './run-signals.js';
import type { ServiceLike } from './service-like.js';
import { SystemdNotifier } from './systemd-notifier.js';
import { Watchdog } from './watchdog.js';

/** A change of a running application. */
export type ApplicationEvent =
  | { readonly type: 'started' }
  /** `error`: that of a reload that failed, which was reported; otherwise undefined. */
  | { readonly type: 'reloaded'; readonly error: unknown }
  | {
      readonly type: 'draining';
      readonly signal: NodeJS.Signals | undefined;
      readonly drainMs: number;
    }
  | { readonly type: 'stopped'; readonly figures: DrainFigures; readonly durationMs: number }
  /**
   * Another signal while services stop after the end of the drain: the process ends by it when `onEvent` has returned, without the rest of
   * the stop. Remove there what must not be left behind, such as a pid file.
   */
  | { readonly type: 'killed'; readonly signal: NodeJS.Signals };

export interface RunApplicationOptions {
  /** Time for connections to finish when the application stops; 0 does not wait. Default 10,000. */
  readonly drainMs?: number;
  /**
   * Time between the announcement that the application is not ready and the end of listening: load balancers need it to notice.
   * Default 0.
   */
  readonly unreadyMs?: number;
  /** Whether signals stop and reload the application. Default true on the main thread. */
  readonly signals?: boolean;
  /** Receives the changes of the state. It is closed at the end. */
  readonly notifier?: SystemdNotifier | undefined;
  /** Called between the privileged start and the start. If it throws, the application is stopped. */
  readonly dropPrivileges?: () => void;
  /** Called for each change. Errors are reported. */
  readonly onEvent?: (event: ApplicationEvent) => void;
}

const OPTIONS: OptionNames<RunApplicationOptions> = {
  drainMs: true,
  unreadyMs: true,
  signals: true,
  notifier: true,
  dropPrivileges: true,
  onEvent: true,
};
const DEFAULT_DRAIN_MS = 10_000;

export interface ApplicationResult {
  /** The signal that stopped the application. To end as it would have ended the process, send it again. */
  readonly signal: NodeJS.Signals | undefined;
  readonly figures: DrainFigures;
  /** The error of the stop; all services were stopped nevertheless. */
  readonly stopError: unknown;
}

type Settings = Required<Omit<RunApplicationOptions, 'notifier'>> & {
  readonly notifier: SystemdNotifier | undefined;
};

/**
 * Runs the reactor of an application, and its services: `privilegedStartService`, `dropPrivileges`, `startService`. When the reactor
 * is stopped, by `reactor.stop()` or a signal, the services are drained and stopped first.
 *
 * SIGINT and SIGTERM stop; a second one ends the drain, and a third one has its default effect. SIGHUP reloads, if any service has
 * `reloadService`; otherwise it stops. Nothing is left when the Deferred fires: no service, timer or signal handler.
 *
 * @returns Fails with the error of the start, after everything that had started was stopped; with a ReactorAlreadyRunningError.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function runApplication(
  application: Application,
  options: RunApplicationOptions = {},
): Deferred<ApplicationResult> {
  if (!(application instanceof Application)) {
    throw new InvalidArgumentTypeError('application', 'an Application', application);
  }
  checkOptions('runApplication', options, OPTIONS);
  const { notifier } = options;
  if (notifier !== undefined && !(notifier instanceof SystemdNotifier)) {
    throw new InvalidArgumentTypeError('notifier', 'a SystemdNotifier', notifier);
  }
  const { dropPrivileges = ignore, onEvent = ignore } = options;
  checkFunction('dropPrivileges', dropPrivileges);
  checkFunction('onEvent', onEvent);
  const run = new ApplicationRun(application, {
    drainMs: checkMilliseconds('drainMs', options.drainMs ?? DEFAULT_DRAIN_MS),
    unreadyMs: checkMilliseconds('unreadyMs', options.unreadyMs ?? 0),
    signals: checkBoolean('signals', options.signals ?? isMainThread),
    notifier,
    dropPrivileges,
    onEvent,
  });
  return Deferred.fromPromise(run.run());
}

class ApplicationRun {
  readonly #application: Application;
  readonly #settings: Settings;
  #stopping = false;
  #signal: NodeJS.Signals | undefined;
  #signals: RunSignals | undefined;
  #watchdog: Watchdog | undefined;
  #drain: Drain | undefined;
  #figures: DrainFigures = { finished: 0, aborted: 0 };
  #stopError: unknown;

  constructor(application: Application, settings: Settings) {
    this.#application = application;
    this.#settings = settings;
  }

  async run(): Promise<ApplicationResult> {
    const { reactor, health } = this.#application;
    if (reactor.running) throw new ReactorAlreadyRunningError();
    health.state = 'starting';
    let trigger: SystemEventTrigger | undefined;
    trigger = reactor.addSystemEventTrigger('before', 'shutdown', () => {
      trigger = undefined;
      return this.#stop();
    });
    const { reload, stop } = this;
    if (this.#settings.signals) this.#signals = new RunSignals({ reload, stop });
    try {
      const running = reactor.run({ installSignalHandlers: false });
      await new Promise<void>((resolve) => reactor.callWhenRunning(resolve));
      // A signal that arrived before could not stop it.
      if (this.#signal !== undefined) this.#stopReactor();
      const started = this.#start();
      await Promise.race([started, running]);
      await running;
      // After a crash of the reactor it may be unfinished.
      const failed = await Promise.race([started, undefined]);
      if (failed !== undefined) throw failed.error;
    } finally {
      this.#stopping = true;
      this.#signals?.remove();
      this.#watchdog?.stop();
      health.state = 'stopped';
      // The reactor has crashed.
      if (trigger !== undefined) reactor.removeSystemEventTrigger(trigger);
    }
    return { signal: this.#signal, figures: this.#figures, stopError: this.#stopError };
  }

  /** @returns The error, unless the start was cancelled by a stop. */
  async #start(): Promise<{ readonly error: unknown } | undefined> {
    const application = this.#application;
    const { notifier, dropPrivileges, onEvent } = this.#settings;
    try {
      await application.privilegedStartService();
      if (this.#stopping) return undefined;
      dropPrivileges();
      await application.startService();
    } catch (error) {
      if (this.#stopping) return undefined;
      this.#stopReactor();
      return { error };
    }
    if (this.#stopping) return undefined;
    application.health.state = 'running';
    if (notifier !== undefined) {
      void notifier.ready();
      const { watchdogMs } = notifier;
      const { reactor, health } = application;
      if (watchdogMs !== undefined) {
        this.#watchdog = new Watchdog(reactor, notifier, health, watchdogMs);
      }
    }
    callReported('onEvent', onEvent, { type: 'started' });
    return undefined;
  }

  /** The reactor waits for this before it ends. */
  async #stop(): Promise<void> {
    const { drainMs, unreadyMs, notifier, onEvent } = this.#settings;
    const { reactor, health } = this.#application;
    const announces = health.state === 'running';
    const starting = health.state === 'starting';
    const began = reactor.now();
    this.#stopping = true;
    health.state = 'draining';
    void notifier?.stopping();
    callReported('onEvent', onEvent, { type: 'draining', signal: this.#signal, drainMs });
    if (announces && unreadyMs > 0) {
      using unready = new Drain(reactor, unreadyMs);
      this.#drain = unready;
      await unready.wait(new Deferred());
    }
    using drain = new Drain(reactor, drainMs);
    this.#drain = drain;
    const stopped = this.#application.stopService(drain).addErrback((failure) => {
      this.#stopError = failure.value;
    });
    // A start that does not end after it was aborted would prevent the stop for ever.
    if (starting) await drain.wait(stopped);
    else await stopped;
    if (!stopped.fired) this.#stopError = new TimeoutError(drainMs);
    this.#drain = undefined;
    this.#watchdog?.stop();
    await notifier?.close();
    this.#figures = drain.figures;
    const durationMs = reactor.now() - began;
    callReported('onEvent', onEvent, { type: 'stopped', figures: drain.figures, durationMs });
  }

  #stopReactor(): void {
    try {
      this.#application.reactor.stop();
    } catch (error) {
      // It is stopping already.
      if (!(error instanceof ReactorNotRunningError)) throw error;
    }
  }

  readonly reload = (): boolean => {
    if (!canReload(this.#application)) return false;
    if (this.#application.health.state === 'running') void this.#reload();
    return true;
  };

  async #reload(): Promise<void> {
    const { notifier, onEvent } = this.#settings;
    let failure: unknown;
    void notifier?.reloading();
    try {
      await this.#application.reloadService();
    } catch (error) {
      reportError(error, 'reloadService');
      failure = error;
    }
    void notifier?.ready();
    callReported('onEvent', onEvent, { type: 'reloaded', error: failure });
  }

  readonly stop = (signal: NodeJS.Signals): void => {
    if (!this.#stopping && this.#signal === undefined) {
      this.#signal = signal;
      this.#stopReactor();
    } else if (this.#drain?.signal.aborted === false) {
      this.#drain.cut();
    } else {
      this.#signals?.remove();
      callReported('onEvent', this.#settings.onEvent, { type: 'killed', signal });
      process.kill(process.pid, signal);
      // The system does not end the first process of a container by a signal that it does not handle.
      process.exit(128 + constants.signals[signal]);
    }
  };
}

/** Collections have `reloadService` for their children. */
function canReload(service: ServiceLike): boolean {
  if (service instanceof MultiService) return [...service].some(canReload);
  return service.reloadService !== undefined;
}

function ignore(): void {}
