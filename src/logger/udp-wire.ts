/** Messages to a log service by UDP (RFC 5426): nobody learns whether they arrive. */
import type { UDPTransport } from '../core/datagram.js';
import type { DatagramError } from '../core/errors/datagram.js';
import type { ReactorUDP } from '../core/reactor-udp.js';
import type { LogWire, WireTrouble } from './log-wire.js';

export class UDPWire implements LogWire {
  readonly #transport: UDPTransport;
  readonly #to: { readonly host: string; readonly port: number };

  /** @param host An IP address. */
  constructor(reactor: ReactorUDP, host: string, port: number, trouble: WireTrouble) {
    this.#to = { host, port };
    this.#transport = reactor.listenUDP(
      0,
      { datagramFailed: (error: DatagramError) => trouble.failed(error) },
      { interface: host.includes(':') ? '::' : '0.0.0.0' },
    );
  }

  send(message: Buffer): boolean {
    const dropped = this.#transport.datagramsDropped;
    this.#transport.write(message, this.#to);
    return this.#transport.datagramsDropped === dropped;
  }

  close(): void {
    this.#transport.stopListening().addErrback(() => undefined);
  }
}
