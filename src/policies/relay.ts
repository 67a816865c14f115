/** Relays bytes between two connections, with backpressure and half-close in both directions. */
import { ConnectionDone, ProducerRegisteredError } from '../core/errors/connection.js';
import type { MaybeAsync } from '../core/maybe-async.js';
import { Protocol } from '../core/protocol.js';
import { readBulk } from '../internal/reads-bulk.js';
import { relayTo } from '../internal/relays-bytes.js';
import type { IdleTimeout } from './idle-timeout.js';

/**
 * One of two connections that a proxy joins by {@link joinEnds}. It is paused from the beginning, so that bytes received earlier
 * stay in the system.
 */
export class RelayEnd extends Protocol {
  /** Bytes are passed on before `dataReceived` returns. */
  override readonly acceptsLentBytes: boolean = true;
  /** @internal */
  other: RelayEnd | undefined = undefined;
  /** @internal The time-out of both ends. */
  idle: IdleTimeout | undefined = undefined;
  private ended = false;

  override connectionMade(): MaybeAsync {
    this.transport.pauseProducing();
  }

  override dataReceived(data: Buffer): void {
    this.idle?.reset();
    this.other?.transport.write(data);
  }

  /** @internal Whether `dataReceived` of a joined end does nothing else, so that it need not be called. */
  get onlyPassesOn(): boolean {
    return this.dataReceived === RelayEnd.prototype.dataReceived;
  }

  /** @internal The system has moved bytes to the other end. */
  bytesRelayed(_count: number): void {
    this.idle?.reset();
  }

  /** This end's peer has finished sending. */
  readConnectionLost(): void {
    this.ended = true;
    this.passEnd();
  }

  override connectionLost(reason: Error): void {
    const { other } = this;
    this.other = undefined;
    if (other === undefined) {
      this.idle?.set(null);
      return;
    }
    other.other = undefined;
    other.transport.unregisterProducer();
    if (!(reason instanceof ConnectionDone)) {
      other.transport.abortConnection();
      return;
    }
    // The time-out ends with its own connection, and the peer of the other one may never read the rest.
    other.idle = this.idle?.forConnection(other.transport);
    other.transport.loseConnection();
  }

  /** @internal Tells the other end if nothing more will come from this one. */
  passEnd(): void {
    const { other } = this;
    if (!this.ended || other === undefined) return;
    other.transport.unregisterProducer();
    if (other.ended) other.transport.loseConnection();
    else other.transport.loseWriteConnection();
  }
}

/**
 * Joins two connections: from now on each sends what the other receives, and receives no faster than the other can send. The end of
 * one's input shuts down the other's sending side, a lost connection aborts the other, and a closed one closes it when its bytes are
 * sent. On Linux, the native reactor moves bytes between plain TCP connections without calling `dataReceived`, unless a subclass
 * overrides that; calls of it have up to 512 KiB.
 *
 * @param idle Restarted when bytes come from either end. The caller starts it, and stops it after `connectionLost` of
 * {@link RelayEnd}: if its connection ends first, the other one has the same time to send its rest.
 * @throws NotConnectedError, ProducerRegisteredError: an end has been joined already
 */
export function joinEnds(one: RelayEnd, two: RelayEnd, idle?: IdleTimeout): void {
  if (one === two) throw new ProducerRegisteredError();
  one.transport.registerProducer(two.transport, true);
  try {
    two.transport.registerProducer(one.transport, true);
  } catch (error) {
    one.transport.unregisterProducer();
    throw error;
  }
  for (const [end, other] of [
    [one, two],
    [two, one],
  ] as const) {
    end.other = other;
    end.idle = idle;
    readBulk(end.transport);
    if (end.onlyPassesOn) relayTo(end.transport, other.transport);
  }
  one.passEnd();
  two.passEnd();
  one.transport.resumeProducing();
  two.transport.resumeProducing();
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
