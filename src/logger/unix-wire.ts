/** Messages to a log service on a UNIX datagram socket: `/dev/log` or that of journald. */
import type { Clock } from '../core/clock.js';
import type { UNIXDatagramTransport } from '../core/datagram.js';
import type { DatagramError } from '../core/errors/datagram.js';
import type { ReactorUNIXDatagram } from '../core/reactor-unix-datagram.js';
import type { LogWire, WireTrouble } from './log-wire.js';

const RETRY_MS = 1000;

export class UNIXWire implements LogWire {
  readonly #reactor: ReactorUNIXDatagram & Clock;
  readonly #path: string;
  readonly #trouble: WireTrouble;
  #transport: UNIXDatagramTransport | undefined;
  /** The earliest time of the next attempt. */
  #retryAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  /** @throws UnsupportedError the reactor has no UNIX datagrams. */
  constructor(reactor: ReactorUNIXDatagram & Clock, path: string, trouble: WireTrouble) {
    this.#reactor = reactor;
    this.#path = path;
    this.#trouble = trouble;
    this.#transport = this.#connect();
  }

  send(message: Buffer): boolean {
    const transport = this.#transport ?? this.#connectAgain();
    if (transport === undefined) return false;
    const dropped = transport.datagramsDropped;
    transport.write(message);
    return transport.datagramsDropped === dropped;
  }

  close(): void {
    this.#closed = true;
    this.#stop();
  }

  #connectAgain(): UNIXDatagramTransport | undefined {
    if (this.#closed || this.#reactor.now() < this.#retryAt) return undefined;
    this.#retryAt = this.#reactor.now() + RETRY_MS;
    try {
      this.#transport = this.#connect();
      this.#trouble.works();
    } catch (error) {
      this.#trouble.failed(error);
    }
    return this.#transport;
  }

  #connect(): UNIXDatagramTransport {
    return this.#reactor.connectUNIXDatagram(this.#path, {
      datagramFailed: (error: DatagramError) => this.#failed(error),
      connectionRefused: () => this.#failed(new Error('nothing receives there')),
    });
  }

  /** The service has been started again: its path leads to another socket. */
  #failed(error: Error): void {
    this.#trouble.failed(error);
    this.#trouble.drop();
    this.#stop();
  }

  #stop(): void {
    const transport = this.#transport;
    this.#transport = undefined;
    // A failure to close is no news to anyone.
    transport?.stopListening().addErrback(() => undefined);
  }
}
