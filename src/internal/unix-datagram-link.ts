/** Datagrams to one receiver on a UNIX socket, which may be restarted: its path then leads to another socket. */
import type { Clock } from '../core/clock.js';
import type { UNIXDatagramTransport } from '../core/datagram.js';
import type { DatagramError } from '../core/errors/datagram.js';
import type { ReactorUNIXDatagram } from '../core/reactor-unix-datagram.js';

/** The least time between two attempts to connect again, in milliseconds. */
export const RECONNECT_MS = 1_000;

type Stopped = ReturnType<UNIXDatagramTransport['stopListening']>;

export interface DatagramLinkListener {
  /** The receiver is gone, or could not be reached. Datagrams that were not sent are lost. */
  failed(error: unknown): void;
  /** Connected again after a failure. */
  works(): void;
  /** No datagrams are unsent. */
  sent?(): void;
}

export class UNIXDatagramLink {
  readonly #reactor: ReactorUNIXDatagram & Clock;
  readonly #path: string;
  readonly #listener: DatagramLinkListener;
  #transport: UNIXDatagramTransport | undefined;
  /** The earliest time of the next attempt. */
  #retryAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(reactor: ReactorUNIXDatagram & Clock, path: string, listener: DatagramLinkListener) {
    this.#reactor = reactor;
    this.#path = path;
    this.#listener = listener;
  }

  /** @throws ConnectError, UnsupportedError the reactor has no UNIX datagrams. */
  connect(): void {
    const transport = this.#reactor.connectUNIXDatagram(this.#path, {
      datagramFailed: (error: DatagramError) => this.#failed(error),
      connectionRefused: () => this.#failed(new Error('nothing receives there')),
    });
    this.#transport = transport;
    if (this.#listener.sent === undefined) return;
    // Called now, and each time no datagrams are unsent.
    const sent = (): void => this.#listener.sent?.();
    transport.registerProducer({ resumeProducing: sent, stopProducing: () => {} }, false);
  }

  /**
   * Connects again if necessary, at most once in {@link RECONNECT_MS}.
   * @returns Whether the datagram was accepted. Otherwise it is dropped.
   * @throws MessageLengthError
   */
  send(message: Uint8Array | string): boolean {
    const transport = this.#transport ?? this.#connectAgain();
    if (transport === undefined) return false;
    const dropped = transport.datagramsDropped;
    transport.write(message);
    return transport.datagramsDropped === dropped;
  }

  /** Fires when the socket is closed. Unsent datagrams are dropped. */
  close(): Stopped | undefined {
    this.#closed = true;
    return this.#stop();
  }

  #connectAgain(): UNIXDatagramTransport | undefined {
    if (this.#closed || this.#reactor.now() < this.#retryAt) return undefined;
    this.#retryAt = this.#reactor.now() + RECONNECT_MS;
    try {
      this.connect();
      this.#listener.works();
    } catch (error) {
      this.#listener.failed(error);
    }
    return this.#transport;
  }

  #failed(error: Error): void {
    this.#stop();
    this.#listener.failed(error);
  }

  #stop(): Stopped | undefined {
    const transport = this.#transport;
    this.#transport = undefined;
    // Nobody can act on a failure to close.
    return transport?.stopListening().addErrback(() => undefined);
  }
}
