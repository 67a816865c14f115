/**
 * Backpressure: a producer makes bytes, a consumer takes them and tells the producer when to wait. Every transport is
 * both: a consumer of what is written to it and a push producer of what it receives.
 */

/** Makes data until told to wait. */
export interface PushProducer {
  /** The consumer has enough: make no more until `resumeProducing`. */
  pauseProducing(): void;
  /** The consumer has sent all it had: go on. */
  resumeProducing(): void;
  /** The consumer is gone: make no more, ever. */
  stopProducing(): void;
}

/** Makes one piece of data each time it is asked. */
export interface PullProducer {
  /** Write one piece now. */
  resumeProducing(): void;
  /** The consumer is gone: make no more, ever. */
  stopProducing(): void;
}

/** Takes data from one producer at a time. */
export interface Consumer {
  /**
   * Ties a producer to this consumer.
   *
   * A push producer (`streaming` true) is paused when more than 64 KiB wait to be sent, from within `write` only, and
   * resumed once nothing waits. A pull producer (`streaming` false) is asked for data at once and again each time
   * nothing waits. On a consumer that is gone already, `stopProducing` is called and nothing is kept. One that is closing
   * takes it, and closes once it has unregistered.
   *
   * @throws ProducerRegisteredError another producer is registered.
   */
  registerProducer(producer: PushProducer, streaming: true): void;
  registerProducer(producer: PullProducer, streaming: false): void;
  /** Unties it. A consumer that waited for this to close then closes once all is sent. */
  unregisterProducer(): void;
  write(data: Uint8Array | string): void;
}
