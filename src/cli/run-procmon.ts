/** The program of `ropewalk procmon`. */
import { basename } from 'node:path';

import type { Drain } from '../application/drain.js';
import { Service } from '../application/service.js';
import type { Reactor } from '../core/reactor.js';
import { Logger } from '../logger/logger.js';
import type { ProcessEvent, ProcessMonitorOptions } from '../process/monitor-options.js';
import { ProcessMonitor } from '../process/process-monitor.js';
import { fromArguments } from './built-in.js';
import { PROCMON } from './built-ins.js';
import { milliseconds } from './flag-values.js';
import { UsageError } from './usage-error.js';

/** SIGHUP reloads, which passes it on too. */
const PASSED_ON: readonly NodeJS.Signals[] = ['SIGUSR1', 'SIGUSR2'];
const log = new Logger({ namespace: 'procmon' });

export default function (reactor: Reactor, args: readonly string[]): Service {
  return fromArguments(PROCMON, args, ({ values, args: [program, ...rest] }) => {
    if (!program) {
      throw new UsageError('procmon takes a PROGRAM; `ropewalk procmon --help` explains');
    }
    const seconds = {
      minRestartDelayMs: milliseconds('restart', values.restart, undefined),
      maxRestartDelayMs: milliseconds('max-restart', values['max-restart'], undefined),
      healthyAfterMs: milliseconds('healthy', values.healthy, undefined),
      killAfterMs: milliseconds('kill-after', values['kill-after'], undefined),
    };
    const given = Object.entries(seconds).filter(([, ms]) => ms !== undefined);
    return new MonitorService(reactor, values.name ?? basename(program), program, rest, {
      ...Object.fromEntries(given),
      ...(values['stop-signal'] !== undefined && {
        stopSignal: values['stop-signal'] as NodeJS.Signals,
      }),
    });
  });
}

class MonitorService extends Service {
  readonly #monitor: ProcessMonitor;
  readonly #program: string;
  #startError: Error | undefined;

  constructor(
    reactor: Reactor,
    program: string,
    executable: string,
    args: readonly string[],
    options: ProcessMonitorOptions,
  ) {
    super('procmon');
    this.#program = program;
    this.#monitor = new ProcessMonitor(reactor, {
      ...options,
      onEvent: (event) => this.#received(event),
      onLine: ({ stream, text }) => log.info('[{program}] {text}', { program, stream, text }),
    });
    this.#monitor.addProcess(program, executable, { args, env: null });
    // Before the command looks: it leaves them to the program then.
    if (process.platform === 'win32') return;
    for (const signal of PASSED_ON) process.on(signal, this.#passOn);
  }

  reloadService(): void {
    this.#passOn('SIGHUP');
  }

  protected override start(): void {
    process.on('exit', this.#endAtExit);
    this.#monitor.start();
    if (this.#startError === undefined) return;
    // It would never start: it does not exist, for example.
    void this.#monitor.stop();
    this.#ignoreSignals();
    throw this.#startError;
  }

  protected override async drain({ signal }: Drain): Promise<void> {
    const kill = (): void => {
      this.#monitor.signalProcess(this.#program, 'SIGKILL', { group: true });
    };
    const stopped = this.#monitor.stop();
    signal.addEventListener('abort', kill);
    if (signal.aborted) kill();
    await stopped;
    signal.removeEventListener('abort', kill);
  }

  protected override stop(): void {
    this.#ignoreSignals();
  }

  readonly #passOn = (signal: NodeJS.Signals): void => {
    this.#monitor.signalProcess(this.#program, signal);
  };

  /** This process ends because of an error. */
  readonly #endAtExit = (): void => {
    this.#monitor.signalProcess(this.#program, 'SIGKILL', { group: true });
  };

  #ignoreSignals(): void {
    process.removeListener('exit', this.#endAtExit);
    for (const signal of PASSED_ON) process.removeListener(signal, this.#passOn);
  }

  #received(event: ProcessEvent): void {
    const program = this.#program;
    const { type } = event;
    if (type === 'started') log.info('{program} started, process {pid}', { program, ...event });
    else if (type === 'stopped') log.info('{program} stopped', { program });
    else if (type === 'failed' && this.state === 'starting') this.#startError = event.error;
    else {
      const { message } = type === 'failed' ? event.error : event.reason;
      const { delayMs } = event;
      log.warn('{program}: {message}; starts again in {delayMs} ms', { program, message, delayMs });
    }
  }
}
