/** The demo's services in worker threads: `--workers N`. All of them echo; the first has the chat, which is one room. */
import type { ErrorReporter } from '../core/error-reporter.js';
import { type ErrorReport, errorChannel } from '../internal/error-report.js';
import { runWorkers } from '../workers/run-workers.js';
import type { WorkerGroup } from '../workers/worker-group.js';
import type { MessageCounts } from './demo-echo.js';
import type { DemoOptions } from './demo-options.js';
import { type DemoServices, GOODBYE_MS, type ServicesReading } from './demo-services.js';
import type { DemoWorkerOrder } from './demo-worker.js';

export class WorkerServices implements DemoServices {
  readonly #options: DemoOptions;
  readonly counts: MessageCounts = { messagesIn: 0, messagesOut: 0 };
  #group: WorkerGroup | undefined;

  /** @param reportError Called with the errors of the workers. */
  constructor(options: DemoOptions, reportError: ErrorReporter) {
    this.#options = options;
    errorChannel.subscribe((message) => {
      const report = message as ErrorReport;
      report.silenced = true;
      reportError(report.error, report.where);
    });
  }

  get workers(): WorkerGroup | undefined {
    return this.#group;
  }

  get echoPort(): number {
    return this.#group?.addresses[0]?.port ?? 0;
  }

  get chatPort(): number {
    return this.#group?.addresses[1]?.port ?? 0;
  }

  async listen(): Promise<void> {
    const { workers, reactor: kind, poller, busyPollUs } = this.#options;
    const { port, chatPort, interface: address } = this.#options;
    const order: DemoWorkerOrder = { port, chatPort, interface: address };
    this.#group = runWorkers(new URL('./demo-worker.js', import.meta.url), {
      workers,
      data: order,
      reactor: { kind, poller, busyPollUs, measureTurns: true },
      drainMs: GOODBYE_MS,
    });
    await this.#group.ready;
  }

  async read(): Promise<ServicesReading> {
    const metrics = await this.#group?.metrics();
    const { statistics, counters, gauges } = metrics ?? {};
    this.counts.messagesIn = counters?.messagesIn ?? 0;
    this.counts.messagesOut = counters?.messagesOut ?? 0;
    return {
      ...this.counts,
      bytesIn: statistics?.bytesReceived ?? 0,
      bytesOut: statistics?.bytesSent ?? 0,
      turns: statistics?.turns ?? 0,
      turnMsP50: statistics?.turnMsP50 ?? 0,
      turnMsP99: statistics?.turnMsP99 ?? 0,
      connectionsOpen: statistics?.connectionsOpen ?? 0,
      connectionsTotal: statistics?.connectionsAccepted ?? 0,
      chatting: gauges?.chatting ?? 0,
    };
  }

  async close(): Promise<void> {
    await this.#group?.stop();
  }
}
