/** The socket under a UDP port of a MemoryReactor: it records sent datagrams, and the test supplies received ones. */
import type { HostPort, IPAddress } from '../core/address.js';
import { UnsupportedError } from '../core/errors/reactor.js';
import { checkData } from '../internal/check.js';
import type { UDPSettings } from '../reactor/datagrams/datagram-settings.js';
import { checkDatagramLength, udpDestination } from '../reactor/datagrams/udp-destination.js';
import type { UDPOption, UDPPort, UDPSocket } from '../reactor/datagrams/udp-port.js';
import { deliver } from './lending.js';

/** A datagram that a protocol sent. */
export interface SentDatagram {
  readonly data: Buffer;
  readonly to: IPAddress;
}

/** The systems' defaults. */
const PRESET: readonly (readonly [UDPOption, number])[] = [
  ['ttl', 64],
  ['trafficClass', 0],
  ['multicastTTL', 1],
  ['multicastLoopback', 1],
];

export class MemoryDatagramSocket implements UDPSocket {
  readonly address: IPAddress;
  readonly ipv6Only: boolean;
  /** Sending is immediate. */
  readonly bufferedBytes = 0;
  readonly datagramsDropped = 0;
  datagramsTruncated = 0;
  readonly #port: UDPPort;
  readonly #settings: UDPSettings;
  readonly #written: SentDatagram[];
  readonly #closed: () => void;
  readonly #soon: (callback: () => void) => void;
  readonly #options: Map<UDPOption, number>;
  #peer: IPAddress | undefined;

  constructor(
    address: IPAddress,
    port: UDPPort,
    settings: UDPSettings,
    written: SentDatagram[],
    loop: { soon(callback: () => void): void; closed(): void },
  ) {
    this.address = address;
    this.ipv6Only = settings.ipv6Only;
    this.#port = port;
    this.#settings = settings;
    this.#written = written;
    this.#soon = (callback) => loop.soon(callback);
    this.#closed = () => loop.closed();
    this.#options = new Map([...PRESET, ['broadcast', Number(settings.broadcast)]]);
  }

  send(
    data: Uint8Array | string,
    to: IPAddress | HostPort | undefined,
    _source: string | undefined,
  ): void {
    checkData(data);
    const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.copyBytesFrom(data);
    const destination = to === undefined ? this.#peer : udpDestination(to, this);
    checkDatagramLength(bytes.byteLength, destination ?? this.address);
    if (destination !== undefined) this.#written.push({ data: bytes, to: destination });
  }

  watchDrain(): void {
    this.#soon(() => this.#port.drained());
  }

  close(): void {
    this.#closed();
  }

  fileno(): number {
    throw new UnsupportedError('fileno', 'there is no socket in memory');
  }

  connect(host: string, port: number): void {
    this.#peer = udpDestination({ host, port }, this);
  }

  option(name: UDPOption): number {
    return this.#options.get(name) ?? 0;
  }

  setOption(name: UDPOption, value: number): void {
    this.#options.set(name, value);
  }

  /** Membership makes no difference here: the test decides which datagrams arrive. */
  joinGroup(_group: string, _through: string, _source: string): void {}
  leaveGroup(_group: string, _through: string, _source: string): void {}
  setMulticastInterface(_through: string): void {}

  /** A datagram arrives: lent, to a protocol that accepts lent bytes, and overwritten when its `datagramReceived` returns. */
  receive(data: Buffer, from: IPAddress): void {
    if (this.#peer !== undefined && !this.#peer.equals(from)) return;
    if (data.byteLength <= this.#settings.maxPacketSize) {
      deliver(data, this.#port.acceptsLentBytes, (bytes) => this.#port.received(bytes, from));
      return;
    }
    this.datagramsTruncated += 1;
    this.#port.truncated(from);
  }

  refuse(): void {
    this.#port.refused();
  }
}
