/** `ropewalk demo`: an echo and a chat server, and a view of their load on the reactor. */

import type { ErrorReporter } from '../core/error-reporter.js';
import { RopewalkError, type SystemError } from '../core/errors/base.js';
import type { Reactor } from '../core/reactor.js';
import { type Dashboard, serveDashboard } from '../dashboard/serve-dashboard.js';
import { TCPClientEndpoint, TCPServerEndpoint } from '../endpoints/tcp.js';
import { createReactor } from '../reactor/create-reactor.js';
import { WorkerStartError } from '../workers/errors.js';
import { DemoLoad } from './demo-load.js';
import { type DemoFigures, DemoMeter, type DemoReading } from './demo-meter.js';
import { DEMO_USAGE, type DemoOptions, parseDemoOptions } from './demo-options.js';
import { goodbye, goodbyeLine, plainLine, readyLine } from './demo-plain.js';
import { type DemoView, renderDemo } from './demo-screen.js';
import { type DemoServices, LocalServices } from './demo-services.js';
import { WorkerServices } from './demo-workers.js';
import { Terminal } from './terminal.js';
import { UsageError } from './usage-error.js';

const REFRESH_MS = 1000;
const STOP_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const CANNOT_START = 1;

/**
 * Runs the demo until a signal or `--seconds` stops it.
 * @returns The exit code.
 * @throws UsageError
 */
export async function runDemo(args: readonly string[]): Promise<number> {
  const options = parseDemoOptions(args);
  if (options.help) {
    process.stdout.write(DEMO_USAGE);
    return 0;
  }
  let demo: Demo | undefined;
  try {
    demo = new Demo(options);
    await demo.listen();
  } catch (error) {
    await demo?.dispose();
    return cannotStart(error, options);
  }
  await demo.run();
  return 0;
}

/** @throws UsageError, and errors that are not Ropewalk's. */
function cannotStart(error: unknown, options: DemoOptions): number {
  // An error of a worker arrives without its class.
  const reason = error instanceof WorkerStartError ? (error.cause as Error) : error;
  const { code, message } = reason as Error & { code?: unknown };
  if (code === 'ERR_INVALID_ARG_TYPE' || code === 'ERR_INVALID_ARG_VALUE') {
    throw new UsageError(message);
  }
  if (!(error instanceof RopewalkError)) throw error;
  process.stderr.write(`ropewalk: ${message}${hintFor(reason, options)}\n`);
  return CANNOT_START;
}

interface Hinted {
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly port?: number;
  readonly feature?: string;
}

function hintFor(error: unknown, options: DemoOptions): string {
  const { port, chatPort, dashboardPort } = options;
  const { code, cause, feature, port: taken } = error as Hinted;
  if (feature === 'reusePort') return ' (--workers above 1 needs it)';
  const inUse = (cause as Partial<SystemError> | undefined)?.code === 'EADDRINUSE';
  if (code !== 'ERR_CANNOT_LISTEN' || !inUse) return '';
  if (taken === dashboardPort) return ' (flag --dashboard-port)';
  // If the chat port follows the echo port, --port 0 changes both.
  const flag = taken === chatPort && chatPort !== port + 1 ? '--chat-port' : '--port';
  return ` (flag ${flag})`;
}

class Demo {
  readonly #options: DemoOptions;
  readonly #reactor: Reactor;
  readonly #services: DemoServices;
  readonly #terminal: Terminal | undefined = terminalOf(process.stdout);
  #dashboard: Dashboard | undefined;
  #load: DemoLoad | undefined;
  #meter: DemoMeter | undefined;
  #figures: DemoFigures | undefined;
  #errors = 0;
  #lastError: string | undefined;
  #chatting = 0;
  #stopping = false;
  #stopped = false;
  #nextRefresh = 0;
  #rssBytes = 0;

  constructor(options: DemoOptions) {
    this.#options = options;
    this.#reactor = createReactor({
      kind: options.reactor,
      poller: options.poller,
      busyPollUs: options.busyPollUs,
      measureTurns: true,
      reportError: (error, where) => {
        this.#reportError(error, where);
        this.#dashboard?.log(this.#lastError ?? where, 'error');
      },
    });
    this.#services =
      options.workers === 0
        ? new LocalServices(this.#reactor, options)
        : new WorkerServices(options, this.#reportError);
  }

  async listen(): Promise<void> {
    await this.#services.listen();
    const { dashboardPort } = this.#options;
    if (dashboardPort !== undefined) this.#dashboard = await this.#serveDashboard(dashboardPort);
  }

  async dispose(): Promise<void> {
    await this.#reactor[Symbol.asyncDispose]();
  }

  async run(): Promise<void> {
    const reactor = this.#reactor;
    const first = await this.#read();
    this.#meter = new DemoMeter(first);
    this.#figures = this.#meter.take(first);
    for (const signal of STOP_SIGNALS) process.on(signal, this.#onStopSignal);
    process.stdout.on('error', () => this.#stop()); // nobody reads it any more
    process.stdout.write(`${readyLine(this.#view())}\n`);
    const { dashboardUrl } = this.#view();
    if (dashboardUrl !== undefined) process.stdout.write(`dashboard: ${dashboardUrl}\n`);
    this.#dashboard?.log(readyLine(this.#view()));
    this.#startLoad();
    this.#showTerminal();
    reactor.addSystemEventTrigger('before', 'shutdown', () => this.#sayGoodbye());
    this.#nextRefresh = reactor.now() + REFRESH_MS;
    reactor.callLater(REFRESH_MS, () => void this.#refresh());
    const { seconds } = this.#options;
    if (seconds !== undefined) reactor.callLater(seconds * 1000, () => this.#stop());
    try {
      await reactor.run({ installSignalHandlers: false });
    } finally {
      this.#stopped = true;
      this.#terminal?.leave();
      for (const signal of STOP_SIGNALS) process.off(signal, this.#onStopSignal);
    }
    const totals = this.#meter.take(await this.#read());
    process.stdout.write(`${this.#terminal ? goodbye(totals) : goodbyeLine(totals)}\n`);
    await this.dispose();
  }

  readonly #onStopSignal = (_signal: NodeJS.Signals, number: number): void => {
    if (this.#stopping) process.exit(128 + number);
    this.#stop();
  };

  #stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#reactor.stop();
    this.#draw();
  }

  /** First phase of the shutdown: stop accepting, and tell the chat users. */
  async #sayGoodbye(): Promise<void> {
    this.#load?.stop();
    await this.#services.close();
  }

  async #refresh(): Promise<void> {
    const reading = await this.#read();
    if (this.#stopped) return;
    this.#figures = this.#meter?.take(reading);
    if (this.#terminal === undefined) process.stdout.write(`${plainLine(this.#view())}\n`);
    this.#draw();
    // Counted from when it was due, so that the seconds don't drift.
    const now = this.#reactor.now();
    this.#nextRefresh = Math.max(this.#nextRefresh + REFRESH_MS, now);
    this.#reactor.callLater(this.#nextRefresh - now, () => void this.#refresh());
  }

  readonly #reportError: ErrorReporter = (error, where) => {
    this.#errors += 1;
    this.#lastError = `${where}: ${error instanceof Error ? error.message : String(error)}`;
    if (this.#terminal === undefined) process.stderr.write(`ropewalk: ${this.#lastError}\n`);
  };

  #serveDashboard(port: number): PromiseLike<Dashboard> {
    const { counts, chatPort, workers } = this.#services;
    const reactor = this.#reactor;
    const host = reachable(this.#options.interface);
    const endpoint = new TCPServerEndpoint(reactor, port, { interface: '127.0.0.1' });
    return serveDashboard(reactor, endpoint, {
      title: 'Ropewalk demo',
      meters: { 'messages in': () => counts.messagesIn, 'messages out': () => counts.messagesOut },
      ...(workers === undefined ? {} : { workers }),
      chat: new TCPClientEndpoint(reactor, host, chatPort),
      loadRuns: true,
    });
  }

  #startLoad(): void {
    const { load, interface: address } = this.#options;
    if (load === 0) return;
    const order = {
      host: reachable(address),
      port: this.#view().echoPort,
      connections: load,
      reactor: this.#reactor.kind,
    };
    this.#load = new DemoLoad(order, (error) => this.#reportError(error, 'load'));
  }

  #showTerminal(): void {
    const terminal = this.#terminal;
    if (terminal === undefined) return;
    terminal.enter();
    process.on('exit', () => terminal.leave());
    process.stdout.on('resize', () => this.#draw());
    if (process.platform !== 'win32') this.#handleSuspension(terminal);
    this.#draw();
  }

  /** Ctrl-Z: restores the shell's screen while this process is stopped. */
  #handleSuspension(terminal: Terminal): void {
    process.on('SIGTSTP', () => {
      terminal.leave();
      process.kill(process.pid, 'SIGSTOP');
    });
    process.on('SIGCONT', () => {
      if (!this.#reactor.running) return;
      terminal.enter();
      this.#draw();
    });
  }

  #draw(): void {
    const terminal = this.#terminal;
    if (terminal === undefined) return;
    terminal.draw(renderDemo(this.#view(), terminal));
  }

  #view(): DemoView {
    const { echoPort, chatPort } = this.#services;
    const load = this.#load;
    return {
      reactor: this.#reactor.kind,
      poller: this.#reactor.poller,
      host: reachable(this.#options.interface),
      workers: this.#options.workers,
      echoPort,
      chatPort,
      dashboardUrl: this.#dashboard && `http://${this.#dashboard.getHost()}/`,
      figures: this.#figures as DemoFigures,
      chatting: this.#chatting,
      load: load && { open: load.open, wanted: load.wanted },
      errors: this.#errors,
      lastError: this.#lastError,
      stopping: this.#stopping,
    };
  }

  async #read(): Promise<DemoReading> {
    const { chatting, ...totals } = await this.#services.read();
    this.#chatting = chatting;
    const { user, system } = process.cpuUsage();
    return {
      atMs: this.#reactor.now(),
      ...totals,
      rssBytes: this.#readRSS(),
      cpuUs: user + system,
    };
  }

  /** Linux reads it from a file: without a free descriptor the last value remains. */
  #readRSS(): number {
    try {
      this.#rssBytes = process.memoryUsage.rss();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall !== 'uv_resident_set_memory') throw error;
    }
    return this.#rssBytes;
  }
}

function terminalOf(stream: NodeJS.WriteStream): Terminal | undefined {
  return stream.isTTY && process.env.TERM !== 'dumb' ? new Terminal(stream) : undefined;
}

/** An address that reaches a listener on `address`. */
function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}
