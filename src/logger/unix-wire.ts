/** Messages to a log service on a UNIX datagram socket: `/dev/log` or that of journald. */
import type { Clock } from '../core/clock.js';
import { ConnectError } from '../core/errors/connecting.js';
import type { ReactorUNIXDatagram } from '../core/reactor-unix-datagram.js';
import { UNIXDatagramLink } from '../internal/unix-datagram-link.js';
import type { LogWire, WireTrouble } from './log-wire.js';

export class UNIXWire implements LogWire {
  readonly #link: UNIXDatagramLink;
  readonly #trouble: WireTrouble;

  /** @throws ConnectError, UnsupportedError the reactor has no UNIX datagrams. */
  constructor(reactor: ReactorUNIXDatagram & Clock, path: string, trouble: WireTrouble) {
    this.#trouble = trouble;
    this.#link = new UNIXDatagramLink(reactor, path, {
      failed: (error) => this.#failed(error),
      works: () => trouble.works(),
    });
    this.#link.connect();
  }

  send(message: Buffer): boolean {
    return this.#link.send(message);
  }

  close(): void {
    this.#link.close();
  }

  #failed(error: unknown): void {
    this.#trouble.failed(error);
    // A datagram that was accepted was refused by the service.
    if (!(error instanceof ConnectError)) this.#trouble.drop();
  }
}
