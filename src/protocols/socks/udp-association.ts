/**
 * UDP ASSOCIATE (RFC 1928 section 7): relays datagrams between a client and any hosts. The client sends to a socket that faces it;
 * a socket for each family sends to the hosts. Dropped: datagrams of others than the client, fragments, malformed ones, those to
 * addresses that are not allowed, and those of hosts that the client has not sent to.
 */
import type { IPAddress } from '../../core/address.js';
import { DatagramProtocol, type UDPTransport } from '../../core/datagram.js';
import { RopewalkError } from '../../core/errors/base.js';
import type { Deferred } from '../../defer/deferred.js';
import { reportError } from '../../internal/error-report.js';
import type { IdleTimeout } from '../../policies/idle-timeout.js';
import { readSocksDatagram, socksDatagramHeader } from './datagrams.js';
import {
  type DestinationSettings,
  permittedAddresses,
  Refusal,
  type SocksAccess,
} from './destinations.js';

/** Hosts that an association remembers; the one that was used least recently is forgotten. */
const MAX_HOSTS = 256;
/** Datagrams that wait for names to be resolved; further ones are dropped. */
const MAX_WAITING = 64;
const MAX_DATAGRAM_BYTES = 65_535;

export class UDPAssociation {
  /** Datagrams that were not relayed. */
  dropped = 0;
  readonly #settings: DestinationSettings;
  readonly #access: SocksAccess;
  readonly #clientHost: string;
  #clientPort: number | undefined;
  readonly #idle: IdleTimeout;
  readonly #facing: UDPTransport;
  readonly #sockets = new Map<'IPv4' | 'IPv6', UDPTransport>();
  /** The permitted address of each requested host and port; undefined if it is refused. */
  readonly #addresses = new Map<string, string | undefined>();
  /** The hosts that may send to the client. */
  readonly #expected = new Map<string, true>();
  readonly #waiting = new Map<string, Buffer[]>();
  readonly #lookups = new Set<Deferred<unknown>>();
  #waitingCount = 0;
  #closed = false;

  /**
   * @param local The address of this machine that the client is connected to.
   * @param client The client's address; its port if it announced one, otherwise undefined: that of its first datagram.
   * @throws CannotListenError
   */
  constructor(
    settings: DestinationSettings,
    access: SocksAccess,
    local: string,
    client: { readonly host: string; readonly port: number | undefined },
    idle: IdleTimeout,
  ) {
    this.#settings = settings;
    this.#access = access;
    this.#clientHost = client.host;
    this.#clientPort = client.port;
    this.#idle = idle;
    const receive = (data: Buffer, from: IPAddress): void => this.#fromClient(data, from);
    this.#facing = this.#listen(local, receive);
  }

  /** Where the client has to send to. */
  getHost(): IPAddress {
    return this.#facing.getHost();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const lookup of [...this.#lookups]) lookup.cancel();
    void this.#facing.stopListening();
    for (const socket of this.#sockets.values()) void socket.stopListening();
  }

  #listen(host: string, receive: (data: Buffer, from: IPAddress) => void): UDPTransport {
    const ipv6Only = host.includes(':');
    const options = { interface: host, ipv6Only, maxPacketSize: MAX_DATAGRAM_BYTES };
    return this.#settings.reactor.listenUDP(0, new Receiver(receive), options);
  }

  #fromClient(data: Buffer, from: IPAddress): void {
    if (this.#closed) return;
    const known = this.#clientPort === undefined || this.#clientPort === from.port;
    const datagram = from.host === this.#clientHost && known ? readSocksDatagram(data) : undefined;
    if (datagram === undefined || datagram.port === 0) {
      this.dropped++;
      return;
    }
    this.#clientPort = from.port;
    this.#idle.reset();
    const { host, port, payload } = datagram;
    const key = `${host} ${port}`;
    if (this.#addresses.has(key)) this.#send(this.#addresses.get(key), port, payload);
    else this.#wait(key, host, port, payload);
  }

  #send(address: string | undefined, port: number, payload: Buffer): void {
    if (address === undefined) {
      this.dropped++;
      return;
    }
    try {
      this.#socketFor(address).write(payload, { host: address, port });
      remember(this.#expected, `${address} ${port}`, true);
    } catch (error) {
      // This machine lacks the family, or the payload fits into no datagram of it.
      if (!(error instanceof RopewalkError)) throw error;
      this.dropped++;
    }
  }

  #socketFor(address: string): UDPTransport {
    const ipv6 = address.includes(':');
    const family = ipv6 ? 'IPv6' : 'IPv4';
    const existing = this.#sockets.get(family);
    if (existing !== undefined) return existing;
    const socket = this.#listen(ipv6 ? '::' : '0.0.0.0', (data, from) =>
      this.#fromHost(data, from),
    );
    this.#sockets.set(family, socket);
    return socket;
  }

  #fromHost(data: Buffer, from: IPAddress): void {
    if (this.#closed) return;
    if (!this.#expected.has(`${from.host} ${from.port}`)) {
      this.dropped++;
      return;
    }
    this.#idle.reset();
    // A host is expected only after a datagram of the client, so the port is known.
    const client = { host: this.#clientHost, port: this.#clientPort as number };
    const header = socksDatagramHeader(from);
    if (header.length + data.length > MAX_DATAGRAM_BYTES - 28) this.dropped++;
    else this.#facing.writeSequence([header, data], client);
  }

  /** The datagram is sent when its destination is known to be allowed. */
  #wait(key: string, host: string, port: number, payload: Buffer): void {
    if (this.#waitingCount >= MAX_WAITING) {
      this.dropped++;
      return;
    }
    this.#waitingCount++;
    const kept = Buffer.from(payload);
    const queue = this.#waiting.get(key);
    if (queue !== undefined) {
      queue.push(kept);
      return;
    }
    this.#waiting.set(key, [kept]);
    this.#resolve(host, port).then(
      (address) => this.#resolved(key, port, address),
      (error: unknown) => {
        reportError(error, 'permit');
        this.#resolved(key, port, undefined);
      },
    );
  }

  async #resolve(host: string, port: number): Promise<string | undefined> {
    const { request, username } = this.#access;
    const access = { request: { ...request, host, port }, username };
    try {
      const step = <T>(lookup: Deferred<T>): PromiseLike<T> => this.#watched(lookup);
      const [address] = await permittedAddresses(this.#settings, access, host, step);
      return address;
    } catch (error) {
      if (error instanceof Refusal || this.#closed) return undefined;
      throw error;
    }
  }

  async #watched<T>(lookup: Deferred<T>): Promise<T> {
    this.#lookups.add(lookup);
    try {
      return await lookup;
    } finally {
      this.#lookups.delete(lookup);
    }
  }

  #resolved(key: string, port: number, address: string | undefined): void {
    const queue = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    this.#waitingCount -= queue.length;
    if (this.#closed) return;
    remember(this.#addresses, key, address);
    for (const payload of queue) this.#send(address, port, payload);
  }
}

/** Sets a value and moves it to the end; forgets the oldest beyond the limit. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MAX_HOSTS) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}

class Receiver extends DatagramProtocol {
  /** Datagrams are passed on, or copied, before `datagramReceived` returns. */
  override readonly acceptsLentBytes: boolean = true;
  readonly #receive: (data: Buffer, from: IPAddress) => void;

  constructor(receive: (data: Buffer, from: IPAddress) => void) {
    super();
    this.#receive = receive;
  }

  override datagramReceived(data: Buffer, from: IPAddress): void {
    this.#receive(data, from);
  }

  /** Networks lose datagrams: there is no one to report to. */
  datagramFailed(): void {}
}
