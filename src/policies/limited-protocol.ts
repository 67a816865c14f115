/** The wrapper of both limits of connections: it counts only while it is connected. */
import type { StreamProtocol } from '../core/stream-protocol.js';
import type { Transport } from '../core/transport.js';
import { ProtocolWrapper, type WrapperOwner } from './protocol-wrapper.js';

/** The number of connections over a limit that an overflow factory serves at a time; others are closed. */
export const DEFAULT_MAX_OVERFLOW = 100;

/** A factory that limits its connections. */
export interface ConnectionLimit extends WrapperOwner {
  /** Whether the limit for connections with this key is reached. */
  full(key: string): boolean;
  /** A connection was refused. */
  refusedOne(): void;
}

/**
 * The limit is checked when a protocol is built, and again when it gets its connection: it does not count until then, because
 * it may never get one.
 */
export class LimitedProtocol extends ProtocolWrapper {
  readonly key: string;
  private readonly limit: ConnectionLimit;
  private admitted = true;

  constructor(protocol: StreamProtocol, limit: ConnectionLimit, key: string) {
    super(protocol, limit);
    this.limit = limit;
    this.key = key;
  }

  override makeConnection(transport: Transport): void {
    if (!this.limit.full(this.key)) {
      super.makeConnection(transport);
      return;
    }
    this.transport = transport;
    this.admitted = false;
    this.limit.refusedOne();
    transport.loseConnection();
  }

  override dataReceived(data: Buffer): void {
    if (this.admitted) super.dataReceived(data);
  }

  override connectionLost(reason: Error): void {
    if (this.admitted) super.connectionLost(reason);
  }

  protected override passReadConnectionLost(): void {
    if (this.admitted) super.passReadConnectionLost();
  }

  protected override passWriteConnectionLost(): void {
    if (this.admitted) super.passWriteConnectionLost();
  }
}
