/** Keeps programs running: Twisted's procmon. */
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import type { SignalOptions } from '../core/process.js';
import type { SpawnOptions } from '../core/spawn-options.js';
import type { Deferred } from '../defer/deferred.js';
import { inlineCallbacks } from '../defer/inline-callbacks.js';
import { succeed } from '../defer/succeed.js';
import { checkBoolean, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { PROGRAM_OPTIONS } from '../internal/program-options.js';
import { signalNumber } from '../internal/signals.js';
import {
  type MonitoredProcessOptions,
  type MonitorSettings,
  monitorSettings,
  type ProcessMonitorOptions,
  type ProcessState,
} from './monitor-options.js';
import { MonitoredProcess } from './monitored-process.js';
import type { ProcessReactor } from './process-result.js';

const SIGNAL_OPTIONS: OptionNames<SignalOptions> = { group: true };

/** A program of a monitor. */
export interface ProcessStatus {
  readonly name: string;
  readonly executable: string;
  readonly state: ProcessState;
  /** Undefined unless it is running. */
  readonly pid: number | undefined;
  /** The number of successive ends before it was healthy, failed starts included. */
  readonly failures: number;
}

/**
 * Keeps programs running. They are started in the order of {@link addProcess}. A program that has ended is started again after a
 * delay, which doubles each time that it ends before it was healthy. A failed start is retried in the same way.
 *
 * @example
 * const monitor = new ProcessMonitor(reactor);
 * monitor.addProcess('web', '/usr/bin/node', { args: ['web.js'], env: null });
 * monitor.start();
 * reactor.addSystemEventTrigger('before', 'shutdown', () => monitor.stop());
 */
export class ProcessMonitor {
  readonly #settings: MonitorSettings;
  readonly #processes = new Map<string, MonitoredProcess>();
  #running = false;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(reactor: ProcessReactor, options: ProcessMonitorOptions = {}) {
    this.#settings = monitorSettings(reactor, options);
  }

  /** True between `start` and `stop`. */
  get running(): boolean {
    return this.#running;
  }

  /** In the order in which they were added. */
  get processes(): readonly ProcessStatus[] {
    return [...this.#processes.values()].map(({ name, executable, state, pid, failures }) => ({
      ...{ name, executable, state, pid, failures },
    }));
  }

  /**
   * Adds a program, and starts it if the monitor is running.
   * @param name For its lines and events; no other program of this monitor has it.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  addProcess(name: string, executable: string, options: MonitoredProcessOptions = {}): void {
    checkString('name', name);
    checkString('executable', executable);
    checkOptions('addProcess', options, PROGRAM_OPTIONS);
    if (this.#processes.has(name)) {
      throw new InvalidArgumentValueError('name', 'the name of no other process', name);
    }
    const session = options.session ?? options.processGroup === undefined;
    const spawning: SpawnOptions = {
      ...options,
      session,
      childDescriptors: { 0: 'ignore', 1: 'r', 2: 'r' },
    };
    const process = new MonitoredProcess(name, executable, spawning, this.#settings);
    this.#processes.set(name, process);
    if (this.#running) process.start();
  }

  /** Stops a program and forgets it. Fires when it has stopped. @throws InvalidArgumentValueError there is no such program */
  removeProcess(name: string): Deferred<void> {
    const process = this.#process(name);
    this.#processes.delete(name);
    return process.stop();
  }

  /** Stops a program if it is running, and starts it without delay. @throws InvalidArgumentValueError */
  restartProcess(name: string): void {
    const process = this.#process(name);
    if (this.#running) process.restart();
  }

  /**
   * Sends a signal to a program, or with `group` to all processes of its group.
   * @returns Whether it is running. A program that has changed its user cannot be signalled, which is reported.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError there is no such program or signal
   */
  signalProcess(name: string, signal: NodeJS.Signals, options: SignalOptions = {}): boolean {
    signalNumber(checkString('signal', signal) as NodeJS.Signals);
    checkOptions('signalProcess', options, SIGNAL_OPTIONS);
    const group = checkBoolean('group', options.group ?? false);
    return this.#process(name).signal(signal, group);
  }

  /** Starts all programs. Does nothing if the monitor is running. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    for (const process of this.#processes.values()) process.start();
  }

  /** Stops all programs one by one, in reverse order. Fires when all have ended. */
  stop(): Deferred<void> {
    if (!this.#running) return succeed(undefined);
    this.#running = false;
    return this.#stopAll();
  }

  readonly #stopAll: () => Deferred<void> = inlineCallbacks(function* (this: ProcessMonitor) {
    for (const process of [...this.#processes.values()].reverse()) yield* process.stop();
  });

  #process(name: string): MonitoredProcess {
    const process = this.#processes.get(name);
    if (process !== undefined) return process;
    throw new InvalidArgumentValueError('name', 'the name of a process', name);
  }
}
