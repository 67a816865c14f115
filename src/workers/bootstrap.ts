/**
 * The program of each worker thread and worker process: creates the reactor, runs the module's function, answers the parent,
 * and shuts down in order when asked. The parent decides what happens after a worker has ended.
 */
import type { DelayedCall } from '../core/clock.js';
import { ReactorNotRunningError } from '../core/errors/reactor.js';
import type { Reactor } from '../core/reactor.js';
import { type ErrorReport, errorChannel, placeOf, reportError } from '../internal/error-report.js';
import { packError } from '../internal/remote-error.js';
import { createReactor } from '../reactor/create-reactor.js';
import { isDebugged } from './debugging.js';
import { WorkerModuleError } from './errors.js';
import type { Measurement } from './measurement.js';
import type { ToWorker, WorkerOrder } from './messages.js';
import { linkToParent } from './parent-link.js';
import { ServedConnections } from './served-connections.js';
import { SharedPorts } from './shared-ports.js';
import type { WorkerMain } from './worker-context.js';
import { WorkerFigures } from './worker-figures.js';

/** A terminal sends these to all processes of the program: only the parent acts on them. */
const PARENT_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const START_FAILED = 1;

const link = linkToParent(received, () => process.exit(0));
let worker: StartedWorker | undefined;

/** All errors are reported in one place: by the parent. */
errorChannel.subscribe((message) => {
  const report = message as ErrorReport;
  if (report.silenced) return;
  report.silenced = true;
  const where = placeOf(report.where, report.peer, report.about);
  link.send({ type: 'problem', error: packError(report.error), where });
});

function received(message: ToWorker): void {
  switch (message.type) {
    case 'start':
      void start(message.order);
      return;
    case 'drain':
      void worker?.drain(message.deadlineMs);
      return;
    case 'ping':
      link.send({ type: 'pong', debugged: isDebugged() });
      return;
    case 'measure':
      if (worker === undefined) return;
      link.send({ type: 'measured', id: message.id, measurement: worker.measure() });
  }
}

async function start(order: WorkerOrder): Promise<void> {
  if (order.kind === 'processes') for (const signal of PARENT_SIGNALS) process.on(signal, () => {});
  try {
    worker = new StartedWorker(order);
    await worker.runModule();
    link.send({ type: 'ready' });
  } catch (error) {
    link.send({ type: 'failed', error: packError(error) });
    await link.flushed();
    process.exit(START_FAILED);
  }
}

class StartedWorker {
  readonly #order: WorkerOrder;
  readonly #reactor: Reactor;
  readonly #ports: SharedPorts;
  readonly #served: ServedConnections = new ServedConnections();
  readonly #figures: WorkerFigures = new WorkerFigures();
  readonly #draining: AbortController = new AbortController();
  #deadline: DelayedCall | undefined;
  /** The result of the module's function: usually its stop function. */
  #stop: Promise<unknown> = Promise.resolve();

  constructor(order: WorkerOrder) {
    this.#order = order;
    // Draining has a deadline of its own: connections that are left then are not waited for again.
    this.#reactor = createReactor({ shutdownTimeoutMs: 0, ...order.reactor });
    this.#ports = new SharedPorts(this.#reactor, order, link.send);
    void this.#run();
  }

  async runModule(): Promise<void> {
    const { index, workers, kind, data, module } = this.#order;
    const { default: main } = (await import(module)) as { default: WorkerMain };
    if (typeof main !== 'function') throw new WorkerModuleError(module);
    const context = {
      reactor: this.#reactor,
      signal: this.#draining.signal,
      listenTCP: this.#ports.listenTCP.bind(this.#ports),
      counter: this.#figures.counter.bind(this.#figures),
      gauge: this.#figures.gauge.bind(this.#figures),
    };
    this.#stop = (async () => main({ ...context, index, workers, kind, data }))();
    await this.#stop;
  }

  measure(): Measurement {
    const { active, idle } = performance.eventLoopUtilization();
    const { counts } = this.#reactor.turnHistogram();
    return {
      statistics: this.#reactor.statistics(),
      ...this.#figures.read(),
      busyMs: active,
      idleMs: idle,
      turnCounts: counts.some((count) => count > 0) ? counts : [],
    };
  }

  /**
   * Stops accepting, waits for open connections to end, for at most `deadlineMs`, and ends. A further call changes the deadline.
   */
  async drain(deadlineMs: number): Promise<void> {
    const drains = this.#draining.signal.aborted;
    if (this.#deadline?.active()) this.#deadline.cancel();
    this.#deadline = this.#reactor.callLater(deadlineMs, () => this.#end());
    if (drains) return;
    this.#draining.abort();
    await this.#ports.stopListening();
    // If the function fails, `start` reports it.
    const stop = await this.#stop.catch(() => undefined);
    try {
      if (typeof stop === 'function') await stop();
    } catch (error) {
      reportError(error, 'the stop function');
    }
    await this.#served.allGone();
    this.#end();
  }

  #end(): void {
    try {
      this.#reactor.stop();
    } catch (error) {
      // The deadline, or the module itself, has stopped it already.
      if (!(error instanceof ReactorNotRunningError)) throw error;
    }
  }

  /** The worker lives as long as its reactor runs. */
  async #run(): Promise<void> {
    await this.#reactor.run({ installSignalHandlers: false });
    link.send({ type: 'drained', measurement: this.measure() });
    // Requests of the parent from now on are too late.
    worker = undefined;
    await this.#reactor[Symbol.asyncDispose]();
    await link.flushed();
    process.exit();
  }
}
