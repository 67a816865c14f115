/** An echo server that counts, for each connection, what a window shows of it. */
import { type Address, Factory, LoopingCall, Protocol, type Reactor } from 'ropewalk';
import type { Row } from './connections-window.js';

/** How often the window is brought up to date while there are connections, in milliseconds. */
const REFRESH_MS = 250;

class CountedEcho extends Protocol {
  override readonly acceptsLentBytes = true;
  received = 0;
  sent = 0;
  readonly #since: number;
  readonly #echo: LiveEcho;

  constructor(echo: LiveEcho) {
    super();
    this.#echo = echo;
    this.#since = echo.reactor.now();
  }

  override connectionMade(): void {
    // While the peer does not read the answers, receive no more from it.
    this.transport.registerProducer(this.transport, true);
    this.#echo.opened(this);
  }

  override dataReceived(data: Buffer): void {
    this.received += data.length;
    this.transport.write(data);
    this.sent += data.length;
  }

  readConnectionLost(): void {
    this.transport.unregisterProducer();
    this.transport.loseConnection();
  }

  override connectionLost(): void {
    this.#echo.closed(this);
  }

  row(): Row {
    const seconds = Math.floor((this.#echo.reactor.now() - this.#since) / 1000);
    return [`${this.transport.getPeer()}`, `${this.received}`, `${this.sent}`, `${seconds} s`];
  }
}

/** The factory of the connections. A timer runs only while there are some: an idle server does not wake up. */
export class LiveEcho extends Factory {
  readonly reactor: Reactor;
  readonly #connections = new Set<CountedEcho>();
  readonly #refresh: LoopingCall;
  /** Called when the rows have changed. */
  onChange: () => void = () => {};

  constructor(reactor: Reactor) {
    super();
    this.reactor = reactor;
    this.#refresh = new LoopingCall(reactor, () => this.onChange());
  }

  override buildProtocol(_address: Address): CountedEcho {
    return new CountedEcho(this);
  }

  rows(): Row[] {
    return [...this.#connections].map((connection) => connection.row());
  }

  opened(connection: CountedEcho): void {
    this.#connections.add(connection);
    if (!this.#refresh.running) this.#refresh.start(REFRESH_MS, false);
    this.onChange();
  }

  closed(connection: CountedEcho): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0 && this.#refresh.running) this.#refresh.stop();
    this.onChange();
  }
}
