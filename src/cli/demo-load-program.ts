/**
 * The program of the demo's built-in load. Each of its connections sends a short message, waits until all of it has come
 * back, and sends again.
 */
import { ClientFactory } from '../core/factory.js';
import { Protocol } from '../core/protocol.js';
import type { Reactor } from '../core/reactor.js';
import { whenParentIsGone } from '../internal/parent-process.js';
import { createReactor } from '../reactor/create-reactor.js';
import type { LoadOrder, LoadReport } from './demo-load.js';

const MESSAGE: Buffer = Buffer.alloc(64, 'ropewalk ');
/** Connection attempts in progress at a time: no more than a listener's queue holds. */
const ATTEMPTS_AT_ONCE = 100;
const RETRY_MS = 1000;
const REPORT_MS = 250;

class EchoLoad extends Protocol {
  override readonly acceptsLentBytes = true;
  #bytesDue = 0;

  override connectionMade(): void {
    this.#send();
  }

  override dataReceived(data: Buffer): void {
    this.#bytesDue -= data.length;
    if (this.#bytesDue <= 0) this.#send();
  }

  #send(): void {
    this.#bytesDue = MESSAGE.length;
    this.transport.write(MESSAGE);
  }
}

class LoadFactory extends ClientFactory {
  open = 0;
  #waiting: number;
  readonly #reactor: Reactor;
  readonly #order: LoadOrder;

  constructor(reactor: Reactor, order: LoadOrder) {
    super();
    this.#reactor = reactor;
    this.#order = order;
    this.#waiting = order.connections;
  }

  begin(): void {
    for (let attempt = 0; attempt < ATTEMPTS_AT_ONCE; attempt += 1) this.#connectNext();
  }

  override buildProtocol(): EchoLoad {
    this.open += 1;
    this.#connectNext();
    return new EchoLoad();
  }

  override clientConnectionFailed(): void {
    this.#waiting += 1;
    this.#reactor.callLater(RETRY_MS, () => this.#connectNext());
  }

  override clientConnectionLost(): void {
    this.open -= 1;
  }

  #connectNext(): void {
    if (this.#waiting === 0) return;
    this.#waiting -= 1;
    this.#reactor.connectTCP(this.#order.host, this.#order.port, this);
  }
}

// Ctrl-C reaches every process of the terminal: the demo decides when this one ends.
process.on('SIGINT', () => {});
whenParentIsGone(() => process.exit(0));

const order = JSON.parse(process.argv[2] ?? '{}') as LoadOrder;
const reactor = createReactor({ kind: order.reactor });
const factory = new LoadFactory(reactor, order);
factory.begin();
setInterval(() => {
  // The channel may close between two checks; `disconnect` reports its end.
  if (process.connected) process.send?.({ open: factory.open } satisfies LoadReport, () => {});
}, REPORT_MS);
await reactor.run({ installSignalHandlers: false });
