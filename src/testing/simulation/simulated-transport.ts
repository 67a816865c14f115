/** A connection of a simulated reactor: a stream transport over an {@link Endpoint}. */
import type { Address } from '../../core/address.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import { LARGE_WRITE_BYTES } from '../../core/transport.js';
import { checkBoolean, checkData } from '../../internal/check.js';
import { isLent } from '../../internal/lent-bytes.js';
import { systemError } from '../../internal/system-error.js';
import type { StreamOwner } from '../../reactor/streams/stream-owner.js';
import { StreamTransport } from '../../reactor/streams/stream-transport.js';
import type { SocketSettings } from '../../reactor/streams/tcp-settings.js';
import type { TurnReactor } from '../../reactor/time/turn-reactor.js';
import { deliver } from '../lending.js';
import { ByteQueue } from './byte-queue.js';
import type { ClosingEndpoint } from './closing-endpoints.js';
import type { Endpoint, EndpointListener } from './endpoint.js';
import type { SimulatedSockets } from './simulated-sockets.js';

/** A read of this size means that the peer is in the midst of sending. */
const BULK_READ_BYTES = 16 * 1024;

/** Data is delivered in pieces of at most this many bytes. */
const MAX_PIECE_BYTES = 64 * 1024;

export class SimulatedTransport extends StreamTransport implements EndpointListener {
  readonly #reactor: SimulatedSockets;
  readonly #endpoint: Endpoint;
  readonly #peer: Address;
  readonly #host: Address;
  readonly #lingers: boolean;
  readonly #queue = new ByteQueue();
  #noDelay: boolean;
  #keepAlive: boolean;
  /** The peer is in the midst of sending. */
  #peerSends = false;
  #closing: ClosingEndpoint | undefined = undefined;
  #scheduled = false;
  #watchingDrain = false;

  constructor(
    reactor: SimulatedSockets,
    owner: StreamOwner,
    endpoint: Endpoint,
    peer: Address,
    host: Address,
    settings: Pick<SocketSettings, 'lingerSeconds' | 'noDelay' | 'keepAlive'>,
  ) {
    super(owner);
    this.#reactor = reactor;
    this.#endpoint = endpoint;
    this.#peer = peer;
    this.#host = host;
    this.#lingers = settings.lingerSeconds !== 0;
    this.#noDelay = settings.noDelay;
    this.#keepAlive = settings.keepAlive;
  }

  override get bufferedBytes(): number {
    return this.#queue.byteLength;
  }

  override getPeer(): Address {
    return this.#peer;
  }

  override getHost(): Address {
    return this.#host;
  }

  override getTcpNoDelay(): boolean {
    this.checkTcp('getTcpNoDelay');
    return this.#noDelay;
  }

  override setTcpNoDelay(enabled: boolean): void {
    this.checkTcp('setTcpNoDelay');
    this.#noDelay = checkBoolean('enabled', enabled);
  }

  override getTcpKeepAlive(): boolean {
    this.checkTcp('getTcpKeepAlive');
    return this.#keepAlive;
  }

  override setTcpKeepAlive(enabled: boolean): void {
    this.checkTcp('setTcpKeepAlive');
    this.#keepAlive = checkBoolean('enabled', enabled);
  }

  override start(protocol: StreamProtocol, failed?: (error: unknown) => void): boolean {
    this.#reactor.open.add(this);
    return super.start(protocol, failed);
  }

  override write(data: Uint8Array | string): void {
    checkData(data);
    if (!this.writable) return;
    this.#queue.push(toBuffer(data));
    if (this.producer !== undefined) this.regulateProducer(this.producer, data);
    this.#schedule();
  }

  /** Starts receiving: to be called after the protocol's `connectionMade`. */
  attach(): void {
    this.#endpoint.attach(this);
  }

  /** The turn ends: sends as much as the system takes, and does the work that waited for the last byte. */
  flush(): void {
    this.#scheduled = false;
    if (!this.connected) return;
    const { pumpPolicy } = this.#reactor;
    if (pumpPolicy !== undefined && this.#queue.byteLength > 0) this.#queue.recut(pumpPolicy);
    if (!this.#send() || this.#queue.byteLength > 0) return;
    if (this.#watchingDrain) {
      this.#watchingDrain = false;
      this.drained();
    }
    if (this.producer !== undefined || this.#queue.byteLength > 0) return;
    if (this.state === 'closing') {
      if (this.#closing === undefined && !this.#close()) this.lost(undefined);
    } else if (this.state === 'open' && this.writing === 'shutting') {
      this.#endpoint.finishSending();
      this.writeShut();
    }
  }

  readable(): void {
    if (!this.#receiving) return;
    this.#reactor.beginTurn();
    // Deferred work may have closed or paused it.
    if (!this.#receiving) return;
    const data = this.#endpoint.read(MAX_PIECE_BYTES);
    if (data !== undefined) {
      this.#reactor.bytesReceived += data.byteLength;
      this.#peerSends = data.byteLength >= BULK_READ_BYTES;
      this.received(data);
    } else if (this.#endpoint.ended) this.readEnded();
    if (this.#receiving && this.#endpoint.readable && data !== undefined) this.#readLater();
  }

  /** To a protocol that accepts lent bytes all are lent, and overwritten when its `dataReceived` returns. */
  override received(data: Buffer): void {
    if (!this.#receiving) super.received(data);
    else deliver(data, this.protocol?.acceptsLentBytes, (bytes) => super.received(bytes));
  }

  sendable(): void {
    this.#reactor.beginTurn();
    this.flush();
  }

  expectInput(): void {
    this.#peerSends = true;
  }

  broken(cause: Error): void {
    this.#reactor.beginTurn();
    this.#queue.clear();
    this.lost(cause);
  }

  describe(): string {
    const waits = this.#queue.byteLength > 0 ? `, ${this.#queue.byteLength} B not taken yet` : '';
    const reading = this.reading === 'on' ? 'waits for data' : `reading is ${this.reading}`;
    const producer = this.producer === undefined ? '' : ', a producer is registered';
    return `${this.state}, ${reading}${waits}${producer}`;
  }

  protected override get reactor(): TurnReactor {
    return this.#reactor;
  }

  protected override finish(reason: Error): void {
    this.#reactor.open.delete(this);
    super.finish(reason);
  }

  protected override setReading(enabled: boolean): void {
    if (enabled) this.#readLater();
  }

  protected override watchDrain(): void {
    this.#watchingDrain = true;
    this.#schedule();
  }

  protected override shutdownWriting(): void {
    this.#schedule();
  }

  protected override closeFlushed(): void {
    this.#schedule();
  }

  protected override closeNow(reset: boolean): void {
    if (reset) {
      this.#closing?.stop();
      this.#endpoint.reset();
    } else if (this.#closing !== undefined) this.#abandon();
    else if (this.#send()) {
      if (this.#queue.byteLength === 0) {
        if (this.#close()) this.#abandon();
      } else this.#endpoint.reset(`closed with ${this.#queue.byteLength} B unsent`);
    }
    this.#queue.clear();
  }

  get #receiving(): boolean {
    return this.state === 'open' && this.reading === 'on';
  }

  #readLater(): void {
    this.#reactor.inNextTurn(() => this.readable());
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#reactor.inNextTurn(() => this.flush());
  }

  /** @returns False if the connection ends because of it. */
  #send(): boolean {
    for (let part = this.#queue.first; part !== undefined; part = this.#queue.first) {
      // It was transferred, and may belong to other code by now.
      if (part.byteLength === 0) {
        this.#sendFailed(systemError('write', 'EFAULT'));
        return false;
      }
      const taken = this.#endpoint.send(part);
      this.#queue.take(taken);
      this.#reactor.bytesSent += taken;
      if (taken < part.byteLength) break;
    }
    return true;
  }

  #sendFailed(cause: Error): void {
    this.#queue.clear();
    this.#endpoint.reset(cause.message);
    this.#reactor.inNextTurn(() => this.broken(cause));
  }

  /** Everything is sent. @returns Whether the endpoint lingers. */
  #close(): boolean {
    const endpoint = this.#endpoint;
    if (!this.#lingers) endpoint.reset('closed with lingerSeconds 0');
    else if (endpoint.unreadBytes > 0 || (this.#peerSends && !endpoint.ended)) {
      this.#closing = this.#reactor.closing.close(endpoint, () => {
        if (this.state === 'closing') this.lost(undefined);
      });
      return true;
    } else endpoint.close();
    return false;
  }

  /** Its `connectionLost` is about to be called. */
  #abandon(): void {
    this.#closing?.abandon();
  }
}

/** Small and lent data is copied, large data is kept by reference, as in the other reactors. */
function toBuffer(data: Uint8Array | string): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  if (data.byteLength < LARGE_WRITE_BYTES || isLent(data)) return Buffer.from(data);
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
