/** Receivers, and the options of their subscriptions. */
import type { PubSubMessage } from './message.js';

/**
 * Receives a message. If it returns a promise or Deferred, the next message of this subscription waits for it. An exception or
 * rejection is reported, and the next message follows.
 */
export type PubSubReceiver = (message: PubSubMessage) => unknown;

/** The policy for a receiver for which too many messages wait. */
export type SlowPolicy = 'drop-oldest' | 'close' | 'error';

/** Messages that a subscription has missed, or may have. */
export interface PubSubGap {
  /**
   * `connection`: the connection to the server was lost, and messages published meanwhile did not arrive. `slow`: the oldest messages of a
   * slow receiver were dropped. `trimmed`: a stream no longer has all messages since the last one that was received.
   */
  readonly reason: 'connection' | 'slow' | 'trimmed';
  /** How many were missed; undefined if that is unknown, and none is possible. */
  readonly count: number | undefined;
}

export interface SubscribeOptions {
  /** Most messages that may wait for the receiver: 1 to 2^31 - 1. Default 1,000. */
  readonly maxQueued?: number;
  /** Most bytes of messages that may wait for the receiver: 1 to 2^53 - 1. Default 16,777,216. */
  readonly maxQueuedBytes?: number;
  /**
   * The policy if a message exceeds these limits. `drop-oldest`: the oldest waiting messages are dropped, and `onGap` is called. `close`: the
   * subscription ends. `error`: it ends, and `ended()` fails with a {@link SlowSubscriberError}, which is reported if nobody
   * called that. Default `error`.
   */
  readonly slow?: SlowPolicy;
  /**
   * Called before the next message if messages before it were, or may have been, missed: fetch the present state. Like the receiver, it may
   * return a promise. Without it, gaps pass unnoticed except in the statistics.
   */
  readonly onGap?: (gap: PubSubGap) => unknown;
}
