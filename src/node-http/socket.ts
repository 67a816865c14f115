/**
 * The socket that programs see: `req.socket`. As long as the connection speaks HTTP, the engine reads it, and what a program writes
 * goes around the engine. After an upgrade it is a plain duplex stream over the transport.
 */
import { Duplex } from 'node:stream';
import type { Address } from '../core/address.js';
import type { Clock, DelayedCall } from '../core/clock.js';
import type { PushProducer } from '../core/producer.js';
import type { TCPTransport, Transport } from '../core/transport.js';

/** The highest number of bytes that a stream keeps before it asks its producer to pause. */
export const HIGH_WATER_MARK = 65_536;

/** The connection of a socket. */
export interface SocketOwner {
  readonly clock: Clock;
  /** Undefined when the connection has ended. */
  readonly transport: Transport | undefined;
  readonly isSwitched: boolean;
  /** Time in which the peer takes what was written before {@link Socket.destroy} after an upgrade, in milliseconds. */
  readonly lingerMs: number;
  /**
   * Stops HTTP, sends what was written, and closes.
   * @param dropsTurn Drops what was written in this turn as a part of a response.
   */
  closeConnection(dropsTurn?: boolean): void;
  /** Resets the connection. */
  abort(): void;
  /** Writes behind what responses have written so far. */
  writeBetween(data: Uint8Array): void;
  /** {@link Socket.setTimeout}. @returns Whether a listener has handled it. */
  timedOut(): void;
}

type Written = (error?: Error | null) => void;

/** Half of what `net.Socket` has beyond a stream has no meaning on a server's connection: docs/http-compat.md lists the members. */
export class Socket extends Duplex {
  readonly connecting: boolean = false;
  readonly pending: boolean = false;
  /** @internal The response in progress, as in `node:http`. */
  _httpMessage: unknown = null;
  /** `node:http`'s parser: there is none. */
  readonly parser: null = null;
  /** The server that accepted the connection. */
  readonly server: unknown;
  /** Milliseconds without activity after which `timeout` is emitted; undefined if that is off. */
  timeout: number | undefined = undefined;
  readonly #owner: SocketOwner;
  #timer: DelayedCall | undefined = undefined;
  #linger: DelayedCall | undefined = undefined;
  #received = 0;
  #written = 0;
  #waiting: Written | undefined = undefined;
  #isProducing = false;
  #hasEnded = false;
  #addresses: { readonly peer: Address; readonly host: Address } | undefined = undefined;

  constructor(owner: SocketOwner, server: unknown) {
    super({
      allowHalfOpen: true,
      readableHighWaterMark: HIGH_WATER_MARK,
      writableHighWaterMark: HIGH_WATER_MARK,
    });
    this.#owner = owner;
    this.server = server;
  }

  /** @internal There was activity. Static, as the following: programs add properties of any name to sockets. */
  static touch(socket: Socket): void {
    socket.#touch();
  }

  /** @internal After an upgrade. @param data Given. */
  static received(socket: Socket, data: Buffer): void {
    socket.#receive(data);
  }

  /** @internal After an upgrade: the client has finished sending. */
  static inputEnded(socket: Socket): void {
    socket.#endInput();
  }

  /** @internal The connection has ended. */
  static connectionLost(socket: Socket, error: Error | undefined): void {
    socket.#lose(error);
  }

  /** Whether TLS secures the connection. */
  get encrypted(): boolean {
    return this.#owner.transport?.tls !== undefined;
  }

  /** Whether the client has presented a certificate that the context accepts. */
  get authorized(): boolean {
    return this.#owner.transport?.tls?.getPeerCertificate() !== undefined;
  }

  /** The protocol of ALPN; false if none was negotiated, or the connection is in clear. */
  get alpnProtocol(): string | false {
    return this.#owner.transport?.tls?.negotiatedProtocol ?? false;
  }

  /** The name that the client asked for (SNI); false if there is none. */
  get servername(): string | false {
    return this.#owner.transport?.tls?.serverName ?? false;
  }

  getProtocol(): string | null {
    return this.#owner.transport?.tls?.version ?? null;
  }

  get remoteAddress(): string | undefined {
    return hostOf(this.#peer);
  }

  get remotePort(): number | undefined {
    return portOf(this.#peer);
  }

  get remoteFamily(): string | undefined {
    return familyOf(this.#peer);
  }

  get localAddress(): string | undefined {
    return hostOf(this.#host);
  }

  get localPort(): number | undefined {
    return portOf(this.#host);
  }

  get localFamily(): string | undefined {
    return familyOf(this.#host);
  }

  /** The address of this end. */
  address(): { address?: string; family?: string; port?: number } {
    const { localAddress, localFamily, localPort } = this;
    if (localAddress === undefined) return {};
    return {
      address: localAddress,
      ...(localFamily !== undefined && { family: localFamily }),
      ...(localPort !== undefined && { port: localPort }),
    };
  }

  /** Bytes that were received, counted after an upgrade only. */
  get bytesRead(): number {
    return this.#received;
  }

  /** Bytes that were written to this stream. */
  get bytesWritten(): number {
    return this.#written;
  }

  /** Bytes that are not sent yet. */
  get bufferSize(): number {
    return this.writableLength + (this.#owner.transport?.bufferedBytes ?? 0);
  }

  get readyState(): 'open' | 'closed' | 'readOnly' | 'writeOnly' {
    if (this.destroyed) return 'closed';
    if (this.readable && this.writable) return 'open';
    if (this.readable) return 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  /**
   * Emits `timeout` after this time without activity; 0: never. Unless a listener of request, response or server handles it, the
   * connection is then closed.
   * @param ms In milliseconds.
   */
  setTimeout(ms: number, callback?: () => void): this {
    this.timeout = ms > 0 ? ms : undefined;
    if (this.#timer?.active() === true) this.#timer.cancel();
    this.#timer = undefined;
    if (ms > 0) {
      this.#timer = this.#owner.clock.callLater(ms, () => this.#expired());
      if (callback !== undefined) this.once('timeout', callback);
    } else if (callback !== undefined) this.removeListener('timeout', callback);
    return this;
  }

  #touch(): void {
    if (this.#timer !== undefined && this.timeout !== undefined) this.#timer.reset(this.timeout);
  }

  setNoDelay(enabled = true): this {
    (this.#owner.transport as Partial<TCPTransport> | undefined)?.setTcpNoDelay?.(enabled);
    return this;
  }

  /** @param _initialDelay Not used: see the option `keepAliveInitialDelay` of the server. */
  setKeepAlive(enabled = false, _initialDelay?: number): this {
    (this.#owner.transport as Partial<TCPTransport> | undefined)?.setTcpKeepAlive?.(enabled);
    return this;
  }

  /** Does nothing: connections of a reactor keep the process alive. */
  ref(): this {
    return this;
  }

  /** Does nothing: see {@link ref}. */
  unref(): this {
    return this;
  }

  /** Closes when everything written was sent. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** Closes with a reset. */
  resetAndDestroy(): this {
    this.#owner.abort();
    return this.destroy();
  }

  /** Errors without a listener do not end the process while the connection speaks HTTP, as in `node:http`. */
  override destroy(error?: Error): this {
    const isSilent = !this.#owner.isSwitched && this.listenerCount('error') === 0;
    return super.destroy(isSilent ? undefined : error);
  }

  override _read(): void {
    if (this.#owner.isSwitched && !this.#hasEnded) this.#owner.transport?.resumeProducing();
  }

  override _write(chunk: Buffer, _encoding: string, written: Written): void {
    this.#written += chunk.length;
    this.#touch();
    const { transport } = this.#owner;
    if (transport === undefined) {
      written();
      return;
    }
    if (!this.#owner.isSwitched) this.#owner.writeBetween(chunk);
    else this.#send(transport, chunk);
    if (this.#isProducing) this.#waiting = written;
    else written();
  }

  /** A producer is registered while more is unsent than it may add to, so that `written` is called when that was sent. */
  #send(transport: Transport, chunk: Buffer): void {
    if (transport.bufferedBytes + chunk.length <= HIGH_WATER_MARK || transport.disconnecting) {
      transport.write(chunk);
      return;
    }
    this.#isProducing = true;
    transport.registerProducer(this.#producer(), true);
    transport.write(chunk);
    if (transport.bufferedBytes === 0) this.#sent();
  }

  override _final(ended: Written): void {
    if (!this.#owner.isSwitched) this.#owner.closeConnection();
    else this.#endWriting();
    ended();
  }

  #endWriting(): void {
    const { transport } = this.#owner;
    if (transport === undefined) return;
    if (transport.tls !== undefined || this.#hasEnded) transport.loseConnection();
    else transport.loseWriteConnection();
  }

  override _destroy(error: Error | null, destroyed: (error: Error | null) => void): void {
    this.setTimeout(0);
    const { transport } = this.#owner;
    if (transport !== undefined && !transport.disconnecting) {
      this.#releaseWaiting();
      if (transport.bufferedBytes > HIGH_WATER_MARK) this.#owner.abort();
      else this.#closeInTime(transport);
    }
    destroyed(error);
  }

  /** The engine watches connections that speak HTTP. After an upgrade, a peer that reads no more would keep the connection for ever. */
  #closeInTime(transport: Transport): void {
    const { clock, isSwitched, lingerMs } = this.#owner;
    this.#owner.closeConnection(true);
    if (!isSwitched || transport.bufferedBytes === 0 || !transport.connected) return;
    this.#linger = clock.callLater(lingerMs, () => this.#owner.abort());
  }

  #producer(): PushProducer {
    return {
      pauseProducing() {},
      resumeProducing: () => this.#sent(),
      stopProducing: () => this.#releaseWaiting(),
    };
  }

  #sent(): void {
    this.#touch();
    this.#releaseWaiting();
  }

  #receive(data: Buffer): void {
    this.#received += data.length;
    this.#touch();
    if (!this.push(data)) this.#owner.transport?.pauseProducing();
  }

  #endInput(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.push(null);
    if (this.writableEnded) this.#owner.transport?.loseConnection();
  }

  #lose(error: Error | undefined): void {
    this.#addresses ??= this.#readAddresses();
    this.setTimeout(0);
    if (this.#linger?.active() === true) this.#linger.cancel();
    this.#isProducing = false;
    this.#takeWaiting()?.(error);
    if (error === undefined && this.#owner.isSwitched) {
      this.#endInput();
      if (this.readableEnded || this.readableLength === 0) this.destroy();
      else this.once('end', () => this.destroy());
    } else this.destroy(error);
  }

  get #peer(): Address | undefined {
    this.#addresses ??= this.#readAddresses();
    return this.#addresses?.peer;
  }

  get #host(): Address | undefined {
    this.#addresses ??= this.#readAddresses();
    return this.#addresses?.host;
  }

  #readAddresses(): { readonly peer: Address; readonly host: Address } | undefined {
    const { transport } = this.#owner;
    if (transport === undefined) return undefined;
    return { peer: transport.getPeer(), host: transport.getHost() };
  }

  #takeWaiting(): Written | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }

  #releaseWaiting(): void {
    if (this.#isProducing) this.#owner.transport?.unregisterProducer();
    this.#isProducing = false;
    this.#takeWaiting()?.();
  }

  #expired(): void {
    this.#timer = undefined;
    if (this.destroyed) return;
    this.emit('timeout');
    if (!this.#owner.isSwitched) this.#owner.timedOut();
    if (!this.destroyed && this.timeout !== undefined && this.#timer === undefined) {
      this.#timer = this.#owner.clock.callLater(this.timeout, () => this.#expired());
    }
  }
}

function hostOf(address: Address | undefined): string | undefined {
  return address !== undefined && 'host' in address ? address.host : undefined;
}

function portOf(address: Address | undefined): number | undefined {
  return address !== undefined && 'port' in address ? address.port : undefined;
}

function familyOf(address: Address | undefined): string | undefined {
  return address !== undefined && 'family' in address ? address.family : undefined;
}
