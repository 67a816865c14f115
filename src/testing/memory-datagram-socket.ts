/** The socket under a UDP port of a MemoryReactor: it records sent datagrams, and the test supplies received ones. */
import type { HostPort, IPAddress } from '../core/address.js';
import type { DatagramDetails } from '../core/datagram.js';
import { UnsupportedError } from '../core/errors/reactor.js';
import { checkData } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { UDPSettings } from '../reactor/datagrams/datagram-settings.js';
import { checkDatagramLength, udpDestination } from '../reactor/datagrams/udp-destination.js';
import type { UDPOption, UDPPort, UDPSocket } from '../reactor/datagrams/udp-port.js';
import { deliver } from './lending.js';

/** A datagram that a protocol sent. */
export interface SentDatagram {
  readonly data: Buffer;
  readonly to: IPAddress;
  /** The local address to send from, if `write` was given one. */
  readonly source?: string;
}

/** This host's address. */
export const OWN_ADDRESS = '192.0.2.1';
/** The number of its only interface. */
const INTERFACE_INDEX = 2;

const DETAILS: OptionNames<Partial<DatagramDetails>> = {
  destination: true,
  interfaceIndex: true,
  trafficClass: true,
};

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
    source: string | undefined,
  ): void {
    checkData(data);
    const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.copyBytesFrom(data);
    const destination = to === undefined ? this.#peer : udpDestination(to, this);
    checkDatagramLength(bytes.byteLength, destination ?? this.address);
    if (destination === undefined) return;
    const sent = { data: bytes, to: destination };
    this.#written.push(source === undefined ? sent : { ...sent, source });
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
  receive(data: Buffer, from: IPAddress, given: Partial<DatagramDetails> = {}): void {
    checkOptions('receive', given, DETAILS);
    if (this.#peer !== undefined && !this.#peer.equals(from)) return;
    if (data.byteLength <= this.#settings.maxPacketSize) {
      const details = this.#details(given);
      deliver(data, this.#port.acceptsLentBytes, (bytes) => {
        this.#port.received(bytes, from, details);
      });
      return;
    }
    this.datagramsTruncated += 1;
    this.#port.truncated(from);
  }

  refuse(): void {
    this.#port.refused();
  }

  /** The details that the settings request, with defaults for those that are not given. */
  #details(given: Partial<DatagramDetails>): DatagramDetails | undefined {
    const { packetInfo, receiveTrafficClass } = this.#settings;
    if (!packetInfo && !receiveTrafficClass) return undefined;
    const { host } = this.address;
    const own = host === '0.0.0.0' || host === '::' ? OWN_ADDRESS : host;
    return {
      destination: packetInfo ? (given.destination ?? own) : undefined,
      interfaceIndex: packetInfo ? (given.interfaceIndex ?? INTERFACE_INDEX) : undefined,
      trafficClass: receiveTrafficClass ? (given.trafficClass ?? 0) : undefined,
    };
  }
}
