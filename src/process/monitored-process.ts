/**
 * One program of a {@link ProcessMonitor}.
 *
 *     stopped --start--> running --exit--> waiting --delay--> running
 *        ^                  |                 |
 *        +-----exit---- stopping              |
 *        +-------------------stop-------------+
 */
import type { DelayedCall } from '../core/clock.js';
import {
  ProcessAbandoned,
  type ProcessClosed,
  ProcessExitedAlreadyError,
} from '../core/errors/processes.js';
import { ProcessProtocol } from '../core/process.js';
import type { SpawnOptions } from '../core/spawn-options.js';
import { Deferred } from '../defer/deferred.js';
import { reportError } from '../internal/error-report.js';
import { leadsGroup } from '../internal/program-options.js';
import type { MonitorSettings, ProcessState } from './monitor-options.js';
import { OutputLines } from './output-lines.js';

export class MonitoredProcess {
  readonly name: string;
  readonly executable: string;
  readonly #options: SpawnOptions;
  readonly #settings: MonitorSettings;
  #state: ProcessState = 'stopped';
  #instance: Instance | undefined = undefined;
  #startedAt = 0;
  /** Successive ends soon after the start. */
  #failures = 0;
  #later: DelayedCall | undefined = undefined;
  #stopped: Deferred<void>[] = [];
  /** Whether it is to be started again when it has stopped. */
  #restarts = false;

  constructor(name: string, executable: string, options: SpawnOptions, settings: MonitorSettings) {
    this.name = name;
    this.executable = executable;
    this.#options = options;
    this.#settings = settings;
  }

  get state(): ProcessState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#instance?.transport.pid;
  }

  get failures(): number {
    return this.#failures;
  }

  start(): void {
    if (this.#state === 'stopping') this.#restarts = true;
    if (this.#state === 'stopped') this.#spawn();
  }

  /** Fires when it has stopped. */
  stop(): Deferred<void> {
    const stopped = new Deferred<void>();
    this.#restarts = false;
    if (this.#state === 'waiting') {
      this.#later?.cancel();
      this.#state = 'stopped';
    }
    if (this.#state === 'stopped') stopped.callback();
    else this.#stopped.push(stopped);
    if (this.#state === 'running') this.#end();
    return stopped;
  }

  /** Stops it if it runs, and starts it again. */
  restart(): void {
    if (this.#state === 'running') this.#end();
    if (this.#state === 'stopping') {
      this.#restarts = true;
      return;
    }
    if (this.#later?.active()) this.#later.cancel();
    this.#failures = 0;
    this.#spawn();
  }

  /** @returns Whether it is running. */
  signal(signal: NodeJS.Signals, group: boolean): boolean {
    this.#instance?.signal(signal, group && leadsGroup(this.#options));
    return this.#instance !== undefined;
  }

  #spawn(): void {
    const { reactor, emit, line } = this.#settings;
    const { name } = this;
    const instance = new Instance(
      (stream, text) => line({ name, stream, text }),
      (reason) => this.#exited(instance, reason),
    );
    this.#startedAt = reactor.now();
    try {
      reactor.spawnProcess(instance, this.executable, this.#options);
    } catch (error) {
      const delayMs = this.#wait();
      emit({ type: 'failed', name, error: error as Error, delayMs });
      return;
    }
    this.#instance = instance;
    this.#state = 'running';
    emit({ type: 'started', name, pid: instance.transport.pid as number });
  }

  /** Asks it to end, and kills it if it does not. */
  #end(): void {
    const { reactor, stopSignal, killAfterMs } = this.#settings;
    const instance = this.#instance as Instance;
    this.#state = 'stopping';
    const group = leadsGroup(this.#options);
    instance.signal(stopSignal, group);
    this.#later = reactor.callLater(killAfterMs, () => instance.signal('SIGKILL', group));
  }

  #exited(instance: Instance, reason: ProcessClosed): void {
    const { reactor, emit, healthyAfterMs, killAfterMs } = this.#settings;
    const { name } = this;
    const uptimeMs = reactor.now() - this.#startedAt;
    const stopping = this.#state === 'stopping' || reason instanceof ProcessAbandoned;
    this.#instance = undefined;
    if (this.#later?.active()) this.#later.cancel();
    instance.closeOutputs(reactor, killAfterMs);
    if (stopping) {
      this.#state = 'stopped';
      emit({ type: 'stopped', name, reason, uptimeMs });
      this.#hasStopped();
      return;
    }
    if (uptimeMs >= healthyAfterMs) this.#failures = 0;
    const delayMs = this.#wait();
    emit({ type: 'exited', name, reason, uptimeMs, delayMs });
  }

  #hasStopped(): void {
    this.#failures = 0;
    const restarts = this.#restarts;
    this.#restarts = false;
    if (restarts) this.#spawn();
    for (const stopped of this.#stopped.splice(0)) {
      if (!stopped.fired) stopped.callback();
    }
  }

  #wait(): number {
    const { reactor, delayAfter, random } = this.#settings;
    this.#failures += 1;
    this.#state = 'waiting';
    const delayMs = delayAfter(this.#failures, random);
    this.#later = reactor.callLater(delayMs, () => this.#spawn());
    // A reactor that stops drops the call.
    this.#later.whenDropped(() => {
      this.#state = 'stopped';
    });
    return delayMs;
  }
}

/** One run of the program. */
class Instance extends ProcessProtocol {
  readonly #out: OutputLines;
  readonly #err: OutputLines;
  readonly #exited: (reason: ProcessClosed) => void;
  #ended = false;
  #closing: DelayedCall | undefined = undefined;

  constructor(
    line: (stream: 'stdout' | 'stderr', text: string) => void,
    exited: (reason: ProcessClosed) => void,
  ) {
    super();
    this.#out = new OutputLines((text) => line('stdout', text));
    this.#err = new OutputLines((text) => line('stderr', text));
    this.#exited = exited;
  }

  override outReceived(data: Buffer): void {
    this.#out.receive(data);
  }

  override errReceived(data: Buffer): void {
    this.#err.receive(data);
  }

  override outConnectionLost(): void {
    this.#out.end();
  }

  override errConnectionLost(): void {
    this.#err.end();
  }

  override processExited(reason: ProcessClosed): void {
    this.#exited(reason);
  }

  override processEnded(): void {
    this.#ended = true;
    if (this.#closing?.active()) this.#closing.cancel();
  }

  signal(signal: NodeJS.Signals, group: boolean): void {
    try {
      this.transport.signalProcess(signal, { group });
    } catch (error) {
      // EPERM: it has changed its user. Its end is awaited nevertheless.
      if (!(error instanceof ProcessExitedAlreadyError)) reportError(error, 'signalProcess');
    }
  }

  /** Closes the outputs after that time, if a grandchild holds them. The output until then is read. */
  closeOutputs(clock: MonitorSettings['reactor'], afterMs: number): void {
    // processEnded may be called right after processExited.
    if (!this.#ended)
      this.#closing = clock.callLater(afterMs, () => this.transport.loseConnection());
  }
}
