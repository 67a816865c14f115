/** The program of both sides of a load run: an echo server, or clients that send a message, await it and send again. */
import { ClientFactory, Factory } from '../core/factory.js';
import { Protocol } from '../core/protocol.js';
import { whenParentIsGone } from '../internal/parent-process.js';
import { createReactor } from '../reactor/create-reactor.js';
import type { ClientReport, FromLoadProgram, LoadOrder, ServerReport } from './load-messages.js';

const REPORT_MS = 200;
/** One of so many answers is timed. */
const TIMED = 8;

class Echo extends Protocol {
  override readonly acceptsLentBytes = true;

  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

/** The counts of all clients. */
class Answers extends ClientFactory {
  open = 0;
  messages = 0;
  readonly message: Buffer;
  #times: number[] = [];

  constructor(messageBytes: number) {
    super();
    this.message = Buffer.alloc(messageBytes, 'ropewalk ');
  }

  override buildProtocol(): Asking {
    this.open += 1;
    return new Asking(this);
  }

  override clientConnectionFailed(): void {}

  override clientConnectionLost(): void {
    this.open -= 1;
  }

  timed(ms: number): void {
    this.#times.push(ms);
  }

  report(): ClientReport {
    const times = this.#times.sort((a, b) => a - b);
    this.#times = [];
    const at = (fraction: number): number | null =>
      times[Math.min(times.length - 1, Math.floor(times.length * fraction))] ?? null;
    return {
      role: 'client',
      open: this.open,
      messages: this.messages,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
    };
  }
}

class Asking extends Protocol {
  override readonly acceptsLentBytes = true;
  readonly #answers: Answers;
  #bytesDue = 0;
  #sent = 0;
  #sentAt = 0;

  constructor(answers: Answers) {
    super();
    this.#answers = answers;
  }

  override connectionMade(): void {
    this.#send();
  }

  override dataReceived(data: Buffer): void {
    this.#bytesDue -= data.length;
    if (this.#bytesDue > 0) return;
    this.#answers.messages += 1;
    if (this.#sentAt > 0) this.#answers.timed(performance.now() - this.#sentAt);
    this.#send();
  }

  #send(): void {
    const { message } = this.#answers;
    this.#bytesDue = message.length;
    this.#sent += 1;
    this.#sentAt = this.#sent % TIMED === 0 ? performance.now() : 0;
    this.transport.write(message);
  }
}

function send(message: FromLoadProgram): void {
  // The channel may close between two checks; `disconnect` reports its end.
  if (process.connected) process.send?.(message, () => {});
}

// Ctrl-C reaches every process of the terminal: the parent decides when this one ends.
process.on('SIGINT', () => {});
whenParentIsGone(() => process.exit(0));

const order = JSON.parse(process.argv[2] ?? '{}') as LoadOrder;
try {
  const reactor = createReactor({ kind: order.reactor });
  let report: () => FromLoadProgram;
  if (order.role === 'server') {
    const listening = reactor.listenTCP(0, Factory.forProtocol(Echo), { interface: '127.0.0.1' });
    report = (): ServerReport => {
      const { user, system } = process.cpuUsage();
      return {
        role: 'server',
        port: listening.getHost().port,
        poller: reactor.poller,
        connections: reactor.totals().connectionsOpen,
        cpuMs: (user + system) / 1000,
        rssBytes: process.memoryUsage.rss(),
      };
    };
  } else {
    const answers = new Answers(order.messageBytes);
    for (let i = 0; i < order.connections; i++) {
      reactor.connectTCP('127.0.0.1', order.port, answers);
    }
    report = () => answers.report();
  }
  send(report());
  setInterval(() => send(report()), REPORT_MS);
  await reactor.run({ installSignalHandlers: false });
} catch (error) {
  send({ role: 'failed', message: (error as Error).message });
  process.exitCode = 1;
  process.disconnect?.();
}
