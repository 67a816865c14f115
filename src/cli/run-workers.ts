/** `ropewalk run --workers N`: this process looks after workers that run the program. */
import { Application } from '../application/application.js';
import { runApplication } from '../application/run-application.js';
import { Service } from '../application/service.js';
import { SystemdNotifier } from '../application/systemd-notifier.js';
import { createReactor } from '../reactor/create-reactor.js';
import { WorkerStartError } from '../workers/errors.js';
import { runWorkers } from '../workers/run-workers.js';
import type { WorkerEvent } from '../workers/worker-event.js';
import type { WorkerGroup } from '../workers/worker-group.js';
import type { RunLog } from './run-log.js';
import type { RunOptions } from './run-options.js';
import type { RunWorkerOrder } from './run-worker.js';

/** @returns The signal that stopped them. @throws the error of the first worker that cannot start. */
export async function runInWorkers(
  options: RunOptions,
  log: RunLog,
): Promise<NodeJS.Signals | undefined> {
  const { drainMs, unreadyMs, reactor: kind } = options;
  const reactor = createReactor(kind === undefined ? {} : { kind });
  const application = new Application('workers', reactor);
  const workers = new WorkersService(options, log);
  application.addService(workers);
  process.on('SIGUSR2', workers.restart);
  try {
    const { signal } = await runApplication(application, {
      // The workers have the deadline.
      drainMs,
      unreadyMs,
      notifier: SystemdNotifier.fromEnvironment(reactor),
      onEvent: ({ type }) => {
        if (type === 'started') workers.logStart();
        else log.logger.info('{type}', { type });
      },
    });
    return signal;
  } catch (error) {
    throw error instanceof WorkerStartError ? error.cause : error;
  } finally {
    process.removeListener('SIGUSR2', workers.restart);
  }
}

class WorkersService extends Service {
  readonly #options: RunOptions;
  readonly #log: RunLog;
  #group: WorkerGroup | undefined;

  constructor(options: RunOptions, log: RunLog) {
    super();
    this.#options = options;
    this.#log = log;
  }

  /** Replaces the workers by new ones, which load the program again. */
  readonly restart = (): void => {
    this.reloadService().catch((error: unknown) => {
      this.#log.logger.failure('the workers cannot be replaced and continue', error, {}, 'error');
    });
  };

  async reloadService(): Promise<void> {
    this.#log.reopen();
    await this.#group?.restartAll();
  }

  logStart(): void {
    const { addresses = [] } = this.#group ?? {};
    this.#log.logger.info('{count} workers started, process {pid}; listening: {addresses}', {
      count: this.#options.workers,
      pid: process.pid,
      addresses: addresses.map(({ host, port }) => `${host}:${port}`).join(', ') || 'none',
    });
  }

  protected override async start(): Promise<void> {
    const { file, args, account, drainMs, workers, reactor: kind } = this.#options;
    const { logFormat, logFile } = this.#options;
    const order: RunWorkerOrder = { file, args, account, drainMs, log: { logFormat, logFile } };
    this.#group = runWorkers(new URL('./run-worker.js', import.meta.url), {
      kind: 'processes',
      workers,
      data: order,
      drainMs,
      onEvent: (event) => this.#logEvent(event),
      ...(kind === undefined ? {} : { reactor: { kind } }),
    });
    await this.#group.ready;
  }

  /** The workers drain. */
  protected override async drain(): Promise<void> {
    await this.#group?.stop();
  }

  #logEvent(event: WorkerEvent): void {
    const { type, worker } = event;
    const level = type === 'exited' && !event.asked ? 'warn' : 'info';
    this.#log.logger.emit(level, 'worker {worker}: {event}', { worker, event: type });
  }
}
