/** `ropewalk demo`: an echo and a chat server, and a view of what the reactor does with them. */
import {
  CannotListenError,
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  RopewalkError,
  type SystemError,
} from '../core/errors.js';
import { Factory } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { ErrorReporter, Reactor } from '../core/reactor.js';
import { createReactor } from '../reactor/create-reactor.js';
import { ChatRoom } from './demo-chat.js';
import { DemoEcho, type MessageCounts } from './demo-echo.js';
import { DemoLoad } from './demo-load.js';
import { type DemoFigures, DemoMeter, type DemoReading } from './demo-meter.js';
import { DEMO_USAGE, type DemoOptions, parseDemoOptions } from './demo-options.js';
import { goodbye, goodbyeLine, plainLine, readyLine } from './demo-plain.js';
import { type DemoView, renderDemo } from './demo-screen.js';
import { Terminal } from './terminal.js';
import { UsageError } from './usage-error.js';

const REFRESH_MS = 1000;
/** How long chat users who don't read may hold up the end. */
const GOODBYE_MS = 1000;
const STOP_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const CANNOT_START = 1;

/**
 * Runs the demo until it is told to stop.
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
    demo.listen();
  } catch (error) {
    await demo?.dispose();
    if (error instanceof InvalidArgumentTypeError || error instanceof InvalidArgumentValueError) {
      throw new UsageError(error.message);
    }
    if (!(error instanceof RopewalkError)) throw error;
    process.stderr.write(`ropewalk: ${error.message}${hintFor(error, options)}\n`);
    return CANNOT_START;
  }
  await demo.run();
  return 0;
}

function hintFor(error: RopewalkError, { port, chatPort }: DemoOptions): string {
  const inUse = (error.cause as Partial<SystemError> | undefined)?.code === 'EADDRINUSE';
  if (!(error instanceof CannotListenError) || !inUse) return '';
  // Where the chat port follows the echo port, --port 0 frees both.
  const flag = error.port === chatPort && chatPort !== port + 1 ? '--chat-port' : '--port';
  return ` (${flag} 0 lets the system choose a free port)`;
}

class Demo {
  readonly #options: DemoOptions;
  readonly #reactor: Reactor;
  readonly #counts: MessageCounts = { messagesIn: 0, messagesOut: 0 };
  readonly #room: ChatRoom = new ChatRoom(this.#counts);
  readonly #ports: ListeningPort[] = [];
  readonly #terminal: Terminal | undefined = terminalOf(process.stdout);
  #load: DemoLoad | undefined;
  #meter: DemoMeter | undefined;
  #figures: DemoFigures | undefined;
  #errors = 0;
  #lastError: string | undefined;
  #stopping = false;
  #nextRefresh = 0;

  constructor(options: DemoOptions) {
    this.#options = options;
    this.#reactor = createReactor({
      kind: options.reactor,
      poller: options.poller,
      busyPollUs: options.busyPollUs,
      measureTurns: true,
      reportError: this.#reportError,
    });
  }

  listen(): void {
    const { port, chatPort, interface: address } = this.#options;
    const echo = Factory.forProtocol(DemoEcho, this.#counts);
    const chat = (): ReturnType<ChatRoom['buildProtocol']> => this.#room.buildProtocol();
    this.#ports.push(this.#reactor.listenTCP(port, echo, { interface: address }));
    this.#ports.push(this.#reactor.listenTCP(chatPort, chat, { interface: address }));
  }

  async dispose(): Promise<void> {
    await this.#reactor[Symbol.asyncDispose]();
  }

  async run(): Promise<void> {
    const reactor = this.#reactor;
    const first = this.#read();
    this.#meter = new DemoMeter(first);
    this.#figures = this.#meter.take(first);
    for (const signal of STOP_SIGNALS) process.on(signal, this.#onStopSignal);
    process.stdout.on('error', () => this.#stop()); // nobody reads it any more
    process.stdout.write(`${readyLine(this.#view())}\n`);
    this.#startLoad();
    this.#showTerminal();
    reactor.addSystemEventTrigger('before', 'shutdown', () => this.#sayGoodbye());
    this.#nextRefresh = reactor.now() + REFRESH_MS;
    reactor.callLater(REFRESH_MS, this.#refresh);
    const { seconds } = this.#options;
    if (seconds !== undefined) reactor.callLater(seconds * 1000, () => this.#stop());
    try {
      await reactor.run({ installSignalHandlers: false });
    } finally {
      this.#terminal?.leave();
      for (const signal of STOP_SIGNALS) process.off(signal, this.#onStopSignal);
    }
    const totals = this.#meter.take(this.#read());
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

  /** Shutdown, first part: nobody new, and a word to those who chat. */
  async #sayGoodbye(): Promise<void> {
    this.#load?.stop();
    await Promise.all(this.#ports.map((port) => port.stopListening()));
    const late = new Promise<void>((resolve) => {
      this.#reactor.callLater(GOODBYE_MS, resolve);
    });
    await Promise.race([this.#room.close(), late]);
  }

  readonly #refresh = (): void => {
    this.#figures = this.#meter?.take(this.#read());
    if (this.#terminal === undefined) process.stdout.write(`${plainLine(this.#view())}\n`);
    this.#draw();
    // From when it was due, not from now: so that the seconds don't drift.
    const now = this.#reactor.now();
    this.#nextRefresh = Math.max(this.#nextRefresh + REFRESH_MS, now);
    this.#reactor.callLater(this.#nextRefresh - now, this.#refresh);
  };

  readonly #reportError: ErrorReporter = (error, where) => {
    this.#errors += 1;
    this.#lastError = `${where}: ${error instanceof Error ? error.message : String(error)}`;
    if (this.#terminal === undefined) process.stderr.write(`ropewalk: ${this.#lastError}\n`);
  };

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
    if (process.platform !== 'win32') this.#obeySuspension(terminal);
    this.#draw();
  }

  /** Ctrl-Z: the shell gets its screen back for as long as this is stopped. */
  #obeySuspension(terminal: Terminal): void {
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
    const [echo, chat] = this.#ports.map((port) => port.getHost().port);
    const load = this.#load;
    return {
      reactor: this.#reactor.kind,
      poller: this.#reactor.poller,
      host: reachable(this.#options.interface),
      echoPort: echo ?? 0,
      chatPort: chat ?? 0,
      figures: this.#figures as DemoFigures,
      chatting: this.#room.chatting,
      load: load && { open: load.open, wanted: load.wanted },
      errors: this.#errors,
      lastError: this.#lastError,
      stopping: this.#stopping,
    };
  }

  #read(): DemoReading {
    const statistics = this.#reactor.statistics();
    const { user, system } = process.cpuUsage();
    return {
      atMs: this.#reactor.now(),
      ...this.#counts,
      bytesIn: statistics.bytesReceived,
      bytesOut: statistics.bytesSent,
      turns: statistics.turns,
      turnMsP50: statistics.turnMsP50,
      turnMsP99: statistics.turnMsP99,
      connectionsOpen: statistics.connectionsOpen,
      connectionsTotal: statistics.connectionsAccepted,
      rssBytes: process.memoryUsage.rss(),
      cpuUs: user + system,
    };
  }
}

function terminalOf(stream: NodeJS.WriteStream): Terminal | undefined {
  return stream.isTTY && process.env.TERM !== 'dumb' ? new Terminal(stream) : undefined;
}

/** An address that leads to a listener on `address`. */
function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}
