/** The interface of publish/subscribe, whatever carries the messages. */
import type { Deferred } from '../defer/deferred.js';
import type { MessageData } from './message.js';
import type { PubSubReceiver, SubscribeOptions } from './subscribe-options.js';
import type { Subscription } from './subscription.js';

/** Figures since the object was made. */
export interface PubSubStatistics {
  /** Whether there is a connection to the server; always true if there is none. */
  readonly connected: boolean;
  /** Open subscriptions. */
  readonly subscriptions: number;
  /** Messages that wait for receivers. */
  readonly queued: number;
  /** Messages that were published, as far as confirmed. */
  readonly published: number;
  /** Calls of `publish` that failed. */
  readonly failed: number;
  /** Calls of receivers. A message counts once for each. */
  readonly delivered: number;
  /** Messages that were dropped because a receiver was slow. */
  readonly dropped: number;
  /** Subscriptions that ended because their receivers were slow. */
  readonly slowEnded: number;
  /** Connections that were lost. */
  readonly lost: number;
}

/**
 * Publishes messages to the subscribers of topics, in this process or in many. The guarantees depend on the class: see
 * docs/howto/publish-subscribe.md.
 */
export interface PubSub extends AsyncDisposable {
  /** Whether messages wait on the server for a slow receiver: then `subscribe` has no option `slow`. Default false. */
  readonly keepsMessages?: boolean;
  /**
   * Publishes a message to all present subscribers of a topic, those of this object included.
   *
   * @param data Bytes are copied.
   * @returns Fires when the server has accepted the message, with its id if the server gives it one. Fails with a {@link PublishError}; the
   * message is not published again. Cancelling does not take the message back.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, PubSubClosedError
   */
  publish(topic: string, data: MessageData): Deferred<string | undefined>;
  /**
   * Subscribes a receiver to a topic, or to all topics of a pattern. It is called after `subscribe` has returned, and not by `publish`,
   * unless its queue is full and it is idle.
   *
   * @returns Without a connection it waits for one: `ready()` fires when no further message will be missed.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError, PubSubClosedError
   */
  subscribe(pattern: string, receiver: PubSubReceiver, options?: SubscribeOptions): Subscription;
  statistics(): PubSubStatistics;
  /** Ends all subscriptions and the connection. Fires when nothing is left. Messages that wait for receivers are dropped. */
  close(): Deferred<void>;
}
