/**
 * Backpressure: a producer makes bytes, and a consumer accepts them and pauses the producer if necessary. Every transport is
 * both: a consumer of the bytes written to it and a push producer of the bytes it receives.
 */

/** Produces data until it is paused. */
export interface PushProducer {
  /** The consumer has enough: stop producing until `resumeProducing`. */
  pauseProducing(): void;
  /** The consumer has sent everything: continue. */
  resumeProducing(): void;
  /** The consumer is gone: stop producing for good. */
  stopProducing(): void;
}

/** Produces one piece of data each time it is asked. */
export interface PullProducer {
  /** Write one piece now. */
  resumeProducing(): void;
  /** The consumer is gone: stop producing for good. */
  stopProducing(): void;
}

/** Accepts data from one producer at a time. */
export interface Consumer {
  /**
   * Registers a producer with this consumer.
   *
   * A push producer (`streaming` true) is paused when more than 64 KiB are unsent, only from within `write`, and resumed when
   * everything is sent. A pull producer (`streaming` false) is asked for data immediately and again each time everything is
   * sent. If the consumer is gone, it calls `stopProducing` and does not keep the producer. A closing consumer accepts the
   * producer, and closes after it has unregistered.
   *
   * @throws ProducerRegisteredError another producer is registered.
   */
  registerProducer(producer: PushProducer, streaming: true): void;
  registerProducer(producer: PullProducer, streaming: false): void;
  /** Unregisters the producer. A consumer that waits for this in order to close then closes once everything is sent. */
  unregisterProducer(): void;
  write(data: Uint8Array | string): void;
}
