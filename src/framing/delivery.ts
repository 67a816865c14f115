/**
 * Delivers the frames of a receiver to the application one after another, until the application pauses. The loop is never
 * entered twice, whatever a callback calls.
 */

import { RemoteProtocolError } from '../core/errors/base.js';
import { ProducerRegisteredError } from '../core/errors/connection.js';
import type { PullProducer } from '../core/producer.js';
import { HIGH_WATER_MARK_BYTES, type Transport } from '../core/transport.js';
import { reportError } from '../internal/error-report.js';

/** A protocol that has things to deliver. */
export interface Deliverer {
  readonly transport: Transport;
  /** Whether delivery stops while it has too many unsent bytes. */
  readonly appliesBackpressure: boolean;
  /** Delivers one thing; false where there is none. */
  deliverNext(): boolean;
  /** Copies what is not delivered yet out of bytes that may be lent. */
  keepRest(): void;
}

/** There is one for each connection of a receiver. It is the transport's producer while it waits for unsent bytes. */
export class Delivery implements PullProducer {
  private readonly deliverer: Deliverer;
  private paused = false;
  /** Too many bytes are unsent. */
  private held = false;
  private delivering = false;

  constructor(deliverer: Deliverer) {
    this.deliverer = deliverer;
  }

  /** Whether a callback of the application runs now. */
  get running(): boolean {
    return this.delivering;
  }

  /**
   * Delivers until nothing is left, the application pauses, or the connection ends. Exceptions of the application pass through.
   * The rest is always copied, because the received bytes may be lent until this returns.
   */
  run(): void {
    if (this.delivering) {
      // Bytes were received from inside a callback: they may be lent for less long than the others.
      this.deliverer.keepRest();
      return;
    }
    this.delivering = true;
    try {
      while (this.wanted && this.deliverer.deliverNext()) {
        if (this.deliverer.appliesBackpressure) this.hold();
      }
    } finally {
      this.delivering = false;
      this.deliverer.keepRest();
    }
  }

  /**
   * The same, called from anywhere: what the application throws is no business of the caller's. It ends this connection,
   * and is reported unless the peer is at fault.
   */
  runFromElsewhere(): void {
    try {
      this.run();
    } catch (error) {
      if (!(error instanceof RemoteProtocolError))
        reportError(error, 'a receiver that was resumed');
      this.deliverer.transport.abortConnection();
    }
  }

  pause(): void {
    this.paused = true;
    this.deliverer.transport.pauseProducing();
  }

  resume(): void {
    this.paused = false;
    if (!this.delivering) this.runFromElsewhere();
    if (!this.paused && !this.held) this.deliverer.transport.resumeProducing();
  }

  stop(): void {
    this.paused = true;
    this.deliverer.transport.stopProducing();
  }

  /** @internal Nothing waits to be sent any more, or the producer was just registered. */
  resumeProducing(): void {
    const { transport } = this.deliverer;
    if (transport.bufferedBytes > 0) return;
    this.held = false;
    transport.unregisterProducer();
    if (!this.paused) this.resume();
  }

  /** @internal The connection is gone. */
  stopProducing(): void {}

  private hold(): void {
    const { transport } = this.deliverer;
    if (transport.bufferedBytes <= HIGH_WATER_MARK_BYTES || !this.wanted) return;
    this.held = true;
    try {
      transport.registerProducer(this, false);
    } catch (error) {
      // The application has a producer of its own: backpressure is that one's task.
      this.held = false;
      if (error instanceof ProducerRegisteredError) return;
      throw error;
    }
    transport.pauseProducing();
  }

  private get wanted(): boolean {
    const { transport } = this.deliverer;
    return !this.paused && !this.held && transport.connected && !transport.disconnecting;
  }
}
