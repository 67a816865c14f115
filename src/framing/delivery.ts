/**
 * Passes decoded items to the application, one after the other, while the application accepts them. Calls from inside a
 * callback never enter the loop again.
 */

import { RemoteProtocolError } from '../core/errors/base.js';
import { ProducerRegisteredError } from '../core/errors/connection.js';
import type { PullProducer } from '../core/producer.js';
import { isInstance } from '../core/text-of.js';
import { HIGH_WATER_MARK_BYTES, type Transport } from '../core/transport.js';
import { reportError } from '../internal/error-report.js';

/** A protocol with items to deliver. */
export interface Deliverer {
  readonly transport: Transport;
  /** Whether delivery pauses while too many of its written bytes are unsent. */
  readonly appliesBackpressure: boolean;
  /** Delivers one item; false if there is none. */
  deliverNext(): boolean;
  /** Copies undelivered bytes out of memory that may be lent. */
  keepRest(): void;
}

/** Each connection of a receiver has one. It is the transport's producer while it waits for written bytes to be sent. */
export class Delivery implements PullProducer {
  private readonly deliverer: Deliverer;
  private paused = false;
  /** Too many bytes are unsent. */
  private held = false;
  private delivering = false;

  constructor(deliverer: Deliverer) {
    this.deliverer = deliverer;
  }

  /** Whether a callback of the application is running. */
  get running(): boolean {
    return this.delivering;
  }

  /**
   * Delivers until nothing is left, the application pauses, or the connection ends. Throws errors of the application's callbacks.
   * Undelivered bytes are copied in any case: the received bytes may be lent until this returns.
   */
  run(): void {
    if (this.delivering) {
      // Bytes were received inside a callback: they may be lent for a shorter time than the others.
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
   * Like {@link run}, for callers that are not responsible for the application's errors: an error ends this connection, and is
   * reported unless the peer is at fault.
   */
  runFromElsewhere(): void {
    try {
      this.run();
    } catch (error) {
      if (!isInstance(error, RemoteProtocolError))
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

  /** @internal All bytes have been sent, or the producer was just registered. */
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
      // The application has its own producer, which is then responsible for backpressure.
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
