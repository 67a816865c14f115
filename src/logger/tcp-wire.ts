/** Messages to a log service by TCP, with octet counting (RFC 6587 section 3.4.1). Connects again when the connection ends. */
import type { Clock, DelayedCall } from '../core/clock.js';
import type { Connector } from '../core/connector.js';
import { ClientFactory } from '../core/factory.js';
import { Protocol } from '../core/protocol.js';
import type { ReactorTCP } from '../core/reactor-tcp.js';
import type { LogWire, WireTrouble } from './log-wire.js';

const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 60_000;

export class TCPWire implements LogWire {
  readonly #reactor: ReactorTCP & Clock;
  readonly #trouble: WireTrouble;
  readonly #maxQueued: number;
  readonly #connector: Connector;
  /** Messages that wait for a connection, or for the peer to read. */
  #queue: Buffer[] = [];
  #connection: Protocol | undefined;
  #paused = false;
  #delayMs = FIRST_DELAY_MS;
  #again: DelayedCall | undefined;
  #closed = false;

  constructor(
    reactor: ReactorTCP & Clock,
    host: string,
    port: number,
    maxQueued: number,
    trouble: WireTrouble,
  ) {
    this.#reactor = reactor;
    this.#trouble = trouble;
    this.#maxQueued = maxQueued;
    const made = (connection: Protocol): void => this.#made(connection);
    const lost = (reason: Error): void => this.#lost(reason);
    class Connection extends Protocol {
      override connectionMade(): void {
        made(this);
      }
    }
    class Connections extends ClientFactory {
      override buildProtocol(): Protocol {
        return new Connection();
      }

      override clientConnectionFailed(_connector: Connector, reason: Error): void {
        lost(reason);
      }

      override clientConnectionLost(_connector: Connector, reason: Error): void {
        lost(reason);
      }
    }
    this.#connector = reactor.connectTCP(host, port, new Connections());
  }

  send(message: Buffer): boolean {
    const framed = Buffer.concat([Buffer.from(`${message.length} `), message]);
    if (this.#connection !== undefined && !this.#paused) {
      this.#connection.transport.write(framed);
      return true;
    }
    if (this.#closed || this.#queue.length >= this.#maxQueued) return false;
    this.#queue.push(framed);
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#again?.cancel();
    this.#again = undefined;
    this.#trouble.drop(this.#connection === undefined ? this.#queue.length : 0);
    if (this.#connection !== undefined)
      for (const message of this.#queue) this.#connection.transport.write(message);
    this.#queue = [];
    this.#connector.disconnect();
  }

  #made(connection: Protocol): void {
    this.#connection = connection;
    this.#paused = false;
    this.#delayMs = FIRST_DELAY_MS;
    connection.transport.registerProducer(
      {
        pauseProducing: () => {
          this.#paused = true;
        },
        resumeProducing: () => {
          this.#paused = false;
          this.#flush();
        },
        stopProducing: () => {},
      },
      true,
    );
    this.#trouble.works();
    this.#flush();
  }

  #flush(): void {
    const queue = this.#queue;
    let sent = 0;
    for (; sent < queue.length && !this.#paused; sent++) {
      this.#connection?.transport.write(queue[sent] ?? '');
    }
    this.#queue = queue.slice(sent);
  }

  #lost(reason: Error): void {
    this.#connection = undefined;
    if (this.#closed) return;
    this.#trouble.failed(reason);
    this.#again = this.#reactor.callLater(this.#delayMs, () => {
      this.#again = undefined;
      this.#connector.connect();
    });
    this.#delayMs = Math.min(this.#delayMs * 2, MAX_DELAY_MS);
  }
}
