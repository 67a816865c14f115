/** Relays bytes between two connections, with backpressure and half-close in both directions. */
import { ConnectionDone } from '../core/errors/connection.js';
import { Protocol } from '../core/protocol.js';
import type { IdleTimeout } from './idle-timeout.js';

/** One end. It sends what the other end receives, from {@link joinEnds} on. */
export class RelayEnd extends Protocol {
  /** Bytes are passed on before `dataReceived` returns. */
  override readonly acceptsLentBytes: boolean = true;
  /** @internal */
  other: RelayEnd | undefined = undefined;
  /** @internal The time-out of both ends. */
  idle: IdleTimeout | undefined = undefined;
  private ended = false;

  override dataReceived(data: Buffer): void {
    this.idle?.reset();
    this.other?.transport.write(data);
  }

  /** This end's peer has finished sending. */
  readConnectionLost(): void {
    const { other } = this;
    this.ended = true;
    other?.transport.unregisterProducer();
    if (other?.ended) other.transport.loseConnection();
    else other?.transport.loseWriteConnection();
  }

  override connectionLost(reason: Error): void {
    const { other } = this;
    this.other = undefined;
    if (other === undefined) return;
    other.other = undefined;
    other.transport.unregisterProducer();
    if (reason instanceof ConnectionDone) other.transport.loseConnection();
    else other.transport.abortConnection();
  }
}

/** Each end receives no faster than the other can send. */
export function joinEnds(one: RelayEnd, two: RelayEnd, idle: IdleTimeout): void {
  one.other = two;
  two.other = one;
  one.idle = idle;
  two.idle = idle;
  one.transport.registerProducer(two.transport, true);
  two.transport.registerProducer(one.transport, true);
}

/** The other end of a session: the connection to or from the requested host. */
export class OutboundEnd extends RelayEnd {
  private readonly made: (end: OutboundEnd) => void;

  constructor(made: (end: OutboundEnd) => void) {
    super();
    this.made = made;
  }

  /** Joins the ends before the first byte arrives. */
  override connectionMade(): void {
    this.made(this);
  }
}
