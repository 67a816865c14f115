/** `ropewalk run --workers N`: this process looks after workers that run the program. */
import { Application } from '../application/application.js';
import type { Drain } from '../application/drain.js';
import { runApplication } from '../application/run-application.js';
import { Service } from '../application/service.js';
import { SystemdNotifier } from '../application/systemd-notifier.js';
import { TimeoutError } from '../defer/errors.js';
import { createReactor } from '../reactor/create-reactor.js';
import { WorkerStartError } from '../workers/errors.js';
import { runWorkers } from '../workers/run-workers.js';
import type { WorkerEvent } from '../workers/worker-event.js';
import type { WorkerGroup } from '../workers/worker-group.js';
import type { RunLog } from './run-log.js';
import type { RunOptions } from './run-options.js';
import { SharedSockets } from './run-shared-sockets.js';
import { StartTimeoutError } from './run-start.js';
import type { RunWorkerOrder } from './run-worker.js';

/** The longest time of a timer. */
const NO_LIMIT_MS = 2 ** 31 - 1;

/**
 * @param killed Called before the process ends by a signal during the stop.
 * @returns The signal that stopped them.
 * @throws the error of the first worker that cannot start.
 */
export async function runInWorkers(
  options: RunOptions,
  log: RunLog,
  killed: () => void,
): Promise<NodeJS.Signals | undefined> {
  const { startMs, drainMs, unreadyMs, reactor: kind } = options;
  const reactor = createReactor(kind === undefined ? {} : { kind });
  const application = new Application('workers', reactor);
  using sockets = new SharedSockets(reactor);
  const workers = new WorkersService(options, log, sockets);
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
        if (type !== 'killed') return;
        sockets[Symbol.dispose]();
        killed();
      },
    });
    return signal;
  } catch (error) {
    if (!(error instanceof WorkerStartError)) throw error;
    throw error.cause instanceof TimeoutError ? new StartTimeoutError(startMs) : error.cause;
  } finally {
    process.removeListener('SIGUSR2', workers.restart);
  }
}

class WorkersService extends Service {
  readonly #options: RunOptions;
  readonly #log: RunLog;
  readonly #sockets: SharedSockets;
  #group: WorkerGroup | undefined;

  constructor(options: RunOptions, log: RunLog, sockets: SharedSockets) {
    super();
    this.#sockets = sockets;
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
    const ports = addresses.map(({ host, port }) => `${host}:${port}`);
    this.#log.logger.info('{count} workers started, process {pid}; listening: {addresses}', {
      count: this.#options.workers,
      pid: process.pid,
      addresses: [...ports, ...this.#sockets.names].join(', ') || 'none',
    });
  }

  protected override async start(): Promise<void> {
    const { file, args, account, startMs, drainMs, workers, reactor: kind } = this.#options;
    const { logFormat, logFile } = this.#options;
    const { relay } = this.#sockets;
    const logs = { logFormat, logFile };
    const order: RunWorkerOrder = { file, args, account, drainMs, log: logs, relay };
    this.#group = runWorkers(new URL('./run-worker.js', import.meta.url), {
      kind: 'processes',
      workers,
      data: order,
      readyTimeoutMs: startMs === 0 ? NO_LIMIT_MS : startMs,
      drainMs,
      inherit: () => this.#sockets.inheritance,
      onEvent: (event) => this.#logEvent(event),
      ...(kind === undefined ? {} : { reactor: { kind } }),
    });
    await this.#group.ready;
  }

  /** The workers drain. */
  protected override async drain({ signal }: Drain): Promise<void> {
    const group = this.#group;
    if (group === undefined) return;
    const stopped = group.stop();
    // A second signal has ended the drain.
    const cut = (): void => void group.stop({ drainMs: 0 });
    signal.addEventListener('abort', cut);
    if (signal.aborted) cut();
    await stopped;
    signal.removeEventListener('abort', cut);
  }

  #logEvent(event: WorkerEvent): void {
    const { type, worker } = event;
    const level = type === 'exited' && !event.asked ? 'warn' : 'info';
    this.#log.logger.emit(level, 'worker {worker}: {event}', { worker, event: type });
  }
}
