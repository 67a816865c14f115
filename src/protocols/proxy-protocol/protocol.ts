/** A connection of a server behind a proxy: reads the header, then connects the application's protocol. */
import type { Address } from '../../core/address.js';
import { builtProtocol } from '../../core/factory.js';
import { Protocol } from '../../core/protocol.js';
import type { ProtocolFactory } from '../../core/protocol-factory.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import type { StartTLSOptions } from '../../core/tls.js';
import type { DetachedConnection, TLSContext, Transport } from '../../core/transport.js';
import { failConnection } from '../../defer/callback-result.js';
import type { Deferred } from '../../defer/deferred.js';
import { Deadline } from '../../policies/deadline.js';
import type { IdleTimeouts } from '../../policies/idle-timeouts.js';
import { ProtocolWrapper, type WrapperOwner } from '../../policies/protocol-wrapper.js';
import { ProxyHeaderTimeoutError } from './errors.js';
import type { ProxyHeader } from './events.js';
import { ProxyHeaderParser, type ProxyHeaderParserOptions } from './parser.js';

/** The factory of proxied connections. */
export interface ProxiedConnectionOwner extends WrapperOwner {
  readonly wrappedFactory: ProtocolFactory;
  readonly parserOptions: ProxyHeaderParserOptions;
  readonly timeouts: IdleTimeouts;
  readonly headerTimeoutMs: number;
  /** Runs a function in a later turn. */
  soon(callback: () => void): void;
  /** A connection is about to end because of its header. */
  refused(reason: Error, peer: Address): void;
}

/** Is never connected: the wrapped protocol before the header is complete, when there is no other. */
const NO_PROTOCOL: StreamProtocol = new Protocol();

/**
 * The application's protocol is built when the header is complete, so that `buildProtocol` and `connectionMade` see the client's
 * address. Bytes that came with the header are delivered next.
 *
 * One exists for each connection, so its private fields are TypeScript's: see StreamTransport.
 */
export class ProxiedConnection extends ProtocolWrapper {
  /** Built when the header is complete. */
  declare wrappedProtocol: StreamProtocol;
  /** The header; undefined until it is complete. */
  header: ProxyHeader | undefined = undefined;
  private readonly connections: ProxiedConnectionOwner;
  /** `opening`: the protocol's `makeConnection` runs. */
  private state: 'header' | 'refused' | 'opening' | 'open' = 'header';
  private parser: ProxyHeaderParser | undefined;
  private deadline: Deadline | undefined = undefined;
  /** Bytes that came with the header and are not delivered yet. */
  private rest: Buffer | undefined = undefined;
  private paused = false;

  constructor(owner: ProxiedConnectionOwner) {
    super(NO_PROTOCOL, owner);
    this.connections = owner;
    this.parser = new ProxyHeaderParser(owner.parserOptions);
  }

  /** Defined before the header is complete: the peer may finish sending together with its header. */
  override get readConnectionLost(): () => void {
    return this.opened ? super.readConnectionLost : this.endedEarly;
  }

  /** Bytes behind the header that the protocol has not seen: plaintext, if it calls `startTLS` later than in `connectionMade`. */
  override get unreadBytes(): number {
    return super.unreadBytes + (this.rest?.length ?? 0);
  }

  override makeConnection(transport: Transport): void {
    this.transport = transport;
    const { timeouts, headerTimeoutMs } = this.connections;
    this.deadline = new Deadline(timeouts, transport, () => this.timedOut());
    this.deadline.set(headerTimeoutMs);
  }

  override dataReceived(data: Buffer): void {
    if (this.opened) super.dataReceived(data);
    else if (this.state === 'header') this.headerReceived(data);
  }

  override connectionLost(reason: Error): void {
    this.deadline?.set(null);
    this.rest = undefined;
    if (this.opened) super.connectionLost(reason);
  }

  /** The client's address, or that of the proxy if the header has none. */
  override getPeer(): Address {
    return this.header?.source ?? this.transport.getPeer();
  }

  /** The address that the client connected to, or that of this end if the header has none. */
  override getHost(): Address {
    return this.header?.destination ?? this.transport.getHost();
  }

  override pauseProducing(): void {
    this.paused = true;
    super.pauseProducing();
  }

  override resumeProducing(): void {
    this.paused = false;
    if (this.rest === undefined) super.resumeProducing();
    else this.connections.soon(() => this.resumed());
  }

  /** In `connectionMade`, the bytes behind the header are the client's: the first of its TLS connection. */
  override startTLS(context: TLSContext, options?: StartTLSOptions): Transport {
    const { rest } = this;
    if (this.state !== 'opening' || rest === undefined) return super.startTLS(context, options);
    this.rest = undefined;
    return super.startTLS(context, { ...options, received: rest });
  }

  /** The header is lost: the next owner of the socket sees the proxy's address. */
  override detach(): Deferred<DetachedConnection> {
    const { rest } = this;
    this.rest = undefined;
    const detached = super.detach();
    if (rest === undefined) return detached;
    return detached.addCallbacks(
      (connection) => withUnread(connection, rest),
      (failure) => {
        this.rest = rest;
        this.connections.soon(() => this.resumed());
        return failure;
      },
    );
  }

  private get opened(): boolean {
    return this.state === 'opening' || this.state === 'open';
  }

  private headerReceived(data: Buffer): void {
    const parser = this.parser as ProxyHeaderParser;
    let header: ProxyHeader | undefined;
    try {
      parser.receive(data);
      header = parser.next();
    } catch (error) {
      this.refuse(error as Error);
      throw error;
    }
    if (header === undefined) return;
    this.header = header;
    this.parser = undefined;
    this.deadline?.set(null);
    this.deadline = undefined;
    const rest = parser.takeRest();
    if (rest.length > 0) this.rest = rest;
    this.open();
  }

  private open(): void {
    this.state = 'refused';
    const protocol = builtProtocol(this.connections.wrappedFactory, this.getPeer());
    if (protocol === null) {
      this.transport.loseConnection();
      return;
    }
    this.wrappedProtocol = protocol;
    this.state = 'opening';
    super.makeConnection(this.transport);
    this.state = 'open';
    this.deliverRest();
  }

  private deliverRest(): void {
    const { rest } = this;
    if (rest === undefined || this.paused || !this.connected || this.disconnecting) return;
    this.rest = undefined;
    super.dataReceived(rest);
  }

  /** Delivers the rest, then receives again: the application resumed, in an earlier turn. */
  private resumed(): void {
    try {
      this.deliverRest();
    } catch (error) {
      failConnection(this.transport, error, 'dataReceived');
    }
    if (!this.paused && this.rest === undefined) super.resumeProducing();
  }

  private endedEarly(): void {
    this.transport.loseConnection();
  }

  private timedOut(): void {
    const error = new ProxyHeaderTimeoutError(this.connections.headerTimeoutMs);
    this.refuse(error);
    failConnection(this.transport, error, 'dataReceived');
  }

  private refuse(reason: Error): void {
    this.state = 'refused';
    this.deadline?.set(null);
    this.connections.refused(reason, this.transport.getPeer());
  }
}

function withUnread(connection: DetachedConnection, rest: Buffer): DetachedConnection {
  return {
    fd: connection.fd,
    unread: Buffer.concat([rest, connection.unread]),
    close: () => connection.close(),
    [Symbol.dispose]: () => connection[Symbol.dispose](),
  };
}

/**
 * The PROXY header of a connection, seen from any layer above it; undefined if it has none.
 * @param transport The protocol's transport.
 */
export function proxyHeaderOf(transport: Transport): ProxyHeader | undefined {
  for (let layer: unknown = transport; layer instanceof ProtocolWrapper; layer = layer.transport) {
    if (layer instanceof ProxiedConnection) return layer.header;
  }
  return undefined;
}
