/**
 * A layer between a transport and a protocol: the transport of the protocol and the protocol of the transport. It passes
 * everything on; policies override what they observe or change. It costs one more object per connection.
 */

import type { Address } from '../core/address.js';
import { UnsupportedError } from '../core/errors/reactor.js';
import type { PullProducer, PushProducer } from '../core/producer.js';
import { NOT_CONNECTED } from '../core/protocol.js';
import {
  describeProtocol,
  type StreamProtocol,
  type SwitchableTransport,
} from '../core/stream-protocol.js';
import type { StartTLSOptions, TLSConnection } from '../core/tls.js';
import type {
  DetachedConnection,
  TCPTransport,
  TLSContext,
  Transport,
  UNIXTransport,
} from '../core/transport.js';
import type { PeerCredentials } from '../core/unix-options.js';
import { failConnection, failOnRejection } from '../defer/callback-result.js';
import type { Deferred } from '../defer/deferred.js';
import { expectInput } from '../internal/expects-input.js';

/** Keeps count of wrappers: usually a {@link WrappingFactory}. */
export interface WrapperOwner {
  /** The wrapper has a connection. Called once, before the wrapped protocol's `makeConnection`. */
  wrapperConnected(wrapper: ProtocolWrapper): void;
  /** The connection is gone. Called once, before the wrapped protocol's `connectionLost`. */
  wrapperDisconnected(wrapper: ProtocolWrapper): void;
}

/**
 * Passes everything on. A subclass that overrides `makeConnection` or `connectionLost` must call the method of this class.
 *
 * The wrapped protocol's rules apply as without a wrapper: it can be half-closed if it has `readConnectionLost`.
 */
export class ProtocolWrapper
  implements StreamProtocol, SwitchableTransport, TCPTransport, UNIXTransport
{
  readonly wrappedProtocol: StreamProtocol;
  /** The transport below. Set before the wrapped protocol's `makeConnection`. */
  transport: Transport = NOT_CONNECTED;
  protected readonly owner: WrapperOwner | undefined;

  constructor(wrappedProtocol: StreamProtocol, owner?: WrapperOwner) {
    this.wrappedProtocol = wrappedProtocol;
    this.owner = owner;
  }

  /** That of the wrapped protocol. */
  get description(): string {
    return describeProtocol(this.wrappedProtocol);
  }

  /** Undefined if the wrapped protocol has no such method: its presence decides how a connection ends. */
  get readConnectionLost(): () => void {
    if (this.wrappedProtocol.readConnectionLost === undefined) return undefined as never;
    return this.passReadConnectionLost;
  }

  /** Undefined if the wrapped protocol has no such method. */
  get writeConnectionLost(): () => void {
    if (this.wrappedProtocol.writeConnectionLost === undefined) return undefined as never;
    return this.passWriteConnectionLost;
  }

  /** Undefined if the wrapped protocol has no such method: its presence decides who closes descriptors. */
  get fileDescriptorReceived(): (fd: number) => void {
    if (this.wrappedProtocol.fileDescriptorReceived === undefined) return undefined as never;
    return this.passFileDescriptor;
  }

  /**
   * The value of the wrapped protocol. A subclass that keeps received bytes beyond its `dataReceived` without copying them
   * overrides this with false.
   */
  get acceptsLentBytes(): boolean {
    return this.wrappedProtocol.acceptsLentBytes === true;
  }

  /** The value of the wrapped protocol. */
  get unreadBytes(): number {
    return this.wrappedProtocol.unreadBytes ?? 0;
  }

  /** Undefined if the wrapped protocol has no such method. */
  get handshakeCompleted(): () => void {
    if (this.wrappedProtocol.handshakeCompleted === undefined) return undefined as never;
    return this.passHandshakeCompleted;
  }

  /** Undefined if the wrapped protocol has no such method. */
  get serverClosing(): () => void {
    if (this.wrappedProtocol.serverClosing === undefined) return undefined as never;
    return this.passServerClosing;
  }

  get connected(): boolean {
    return this.transport.connected;
  }

  get disconnecting(): boolean {
    return this.transport.disconnecting;
  }

  get bufferedBytes(): number {
    return this.transport.bufferedBytes;
  }

  makeConnection(transport: Transport): void {
    this.transport = transport;
    this.owner?.wrapperConnected(this);
    const result = this.wrappedProtocol.makeConnection(this);
    if (result !== undefined) failOnRejection(result, this, 'connectionMade');
  }

  dataReceived(data: Buffer): void {
    const result = this.wrappedProtocol.dataReceived(data);
    if (result !== undefined) failOnRejection(result, this, 'dataReceived');
  }

  connectionLost(reason: Error): void {
    this.owner?.wrapperDisconnected(this);
    const result = this.wrappedProtocol.connectionLost(reason);
    if (result !== undefined) failOnRejection(result, this, 'connectionLost');
  }

  write(data: Uint8Array | string): void {
    this.transport.write(data);
  }

  writeSequence(parts: Iterable<Uint8Array | string>): void {
    this.transport.writeSequence(parts);
  }

  /** @internal */
  expectInput(): void {
    expectInput(this.transport);
  }

  loseConnection(): void {
    this.transport.loseConnection();
  }

  loseWriteConnection(): void {
    this.transport.loseWriteConnection();
  }

  abortConnection(): void {
    this.transport.abortConnection();
  }

  pauseProducing(): void {
    this.transport.pauseProducing();
  }

  resumeProducing(): void {
    this.transport.resumeProducing();
  }

  stopProducing(): void {
    this.loseConnection();
  }

  registerProducer(producer: PushProducer, streaming: true): void;
  registerProducer(producer: PullProducer, streaming: false): void;
  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    // The two overloads are one call: the transport distinguishes the kinds by `streaming`.
    this.transport.registerProducer(producer as PushProducer, streaming as true);
  }

  unregisterProducer(): void {
    this.transport.unregisterProducer();
  }

  /** @internal */
  fail(error: unknown, where: string): void {
    failConnection(this.transport, error, where);
  }

  /** @internal */
  switchProtocol(
    protocol: StreamProtocol,
    unread: Buffer,
    failed?: (error: unknown) => void,
  ): void {
    (this as { wrappedProtocol: StreamProtocol }).wrappedProtocol = protocol;
    let made = false;
    try {
      const result = protocol.makeConnection(this);
      made = true;
      if (result !== undefined) failOnRejection(result, this, 'connectionMade');
      if (unread.length > 0 && !this.disconnecting) this.dataReceived(unread);
    } catch (error) {
      if (!made) failed?.(error);
      this.fail(error, 'connectionMade');
    }
  }

  getPeer(): Address {
    return this.transport.getPeer();
  }

  getHost(): Address {
    return this.transport.getHost();
  }

  /** Secures the transport below. @returns This wrapper, which remains the transport of the wrapped protocol. */
  startTLS(context: TLSContext, options?: StartTLSOptions): Transport {
    this.transport.startTLS(context, options);
    return this;
  }

  get tls(): TLSConnection | undefined {
    return this.transport.tls;
  }

  /** @throws UnsupportedError the transport below has no such method; this also applies to the methods that follow. */
  getTcpNoDelay(): boolean {
    return this.below('getTcpNoDelay').getTcpNoDelay();
  }

  setTcpNoDelay(enabled: boolean): void {
    this.below('setTcpNoDelay').setTcpNoDelay(enabled);
  }

  getTcpKeepAlive(): boolean {
    return this.below('getTcpKeepAlive').getTcpKeepAlive();
  }

  setTcpKeepAlive(enabled: boolean): void {
    this.below('setTcpKeepAlive').setTcpKeepAlive(enabled);
  }

  fileno(): number {
    return this.below('fileno').fileno();
  }

  detach(): Deferred<DetachedConnection> {
    return this.below('detach').detach();
  }

  getPeerCredentials(): PeerCredentials | undefined {
    return this.below('getPeerCredentials').getPeerCredentials();
  }

  sendFileDescriptor(fd: number): void {
    this.below('sendFileDescriptor').sendFileDescriptor(fd);
  }

  get waitingDescriptors(): number {
    return this.below('waitingDescriptors').waitingDescriptors;
  }

  get maxWaitingDescriptors(): number {
    return this.below('maxWaitingDescriptors').maxWaitingDescriptors;
  }

  set maxWaitingDescriptors(most: number) {
    this.below('maxWaitingDescriptors').maxWaitingDescriptors = most;
  }

  /** The peer has finished sending. Called only if the wrapped protocol can be half-closed. */
  protected passReadConnectionLost(): void {
    const result = this.wrappedProtocol.readConnectionLost?.();
    if (result !== undefined) failOnRejection(result, this, 'readConnectionLost');
  }

  /** The TLS handshake is complete. Called only if the wrapped protocol has the method. */
  protected passHandshakeCompleted(): void {
    const result = this.wrappedProtocol.handshakeCompleted?.();
    if (result !== undefined) failOnRejection(result, this, 'handshakeCompleted');
  }

  /** The service that accepted the connection is stopping. Called only if the wrapped protocol has the method. */
  protected passServerClosing(): void {
    const result = this.wrappedProtocol.serverClosing?.();
    if (result !== undefined) failOnRejection(result, this, 'serverClosing');
  }

  /** The sending side is shut down. Called only if the wrapped protocol has the method. */
  protected passWriteConnectionLost(): void {
    const result = this.wrappedProtocol.writeConnectionLost?.();
    if (result !== undefined) failOnRejection(result, this, 'writeConnectionLost');
  }

  /** A descriptor arrived. Called only if the wrapped protocol accepts descriptors. */
  protected passFileDescriptor(fd: number): void {
    const result = this.wrappedProtocol.fileDescriptorReceived?.(fd);
    if (result !== undefined) failOnRejection(result, this, 'fileDescriptorReceived');
  }

  private below<M extends keyof TCPTransport | keyof UNIXTransport>(
    method: M,
  ): TCPTransport & UNIXTransport {
    const transport = this.transport as Transport & Partial<TCPTransport & UNIXTransport>;
    if (typeof transport[method] === 'function') return transport as TCPTransport & UNIXTransport;
    throw new UnsupportedError(method, 'the transport below has no such method');
  }
}
