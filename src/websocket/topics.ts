/** Publishes messages to the subscribers of topics: each message is serialized once, and compressed at most once for each window. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { checkChoice, checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { PreparedMessage } from '../protocols/websocket/prepared-message.js';
import type { Subscription } from './web-socket-link.js';
import { WebSocketProtocol } from './web-socket-protocol.js';

export interface WebSocketTopicsOptions {
  /** Unsent bytes of a subscriber beyond which it lags: 0 to 2^31 - 1. Default 1,048,576. */
  readonly maxLagBytes?: number;
  /**
   * `skip`: a lagging subscriber does not receive the message. `close`: its connection is closed with 1013, and reset after
   * `closeTimeoutMs`. Default `close`: clients that connect again do not miss messages unnoticed.
   */
  readonly lagging?: 'close' | 'skip';
}

export interface PublishOptions {
  /** A subscriber that does not receive the message: usually its sender. */
  readonly except?: WebSocketProtocol;
}

/** Is called when topics begin and end to have subscribers: {@link WebSocketTopics.observe}. */
export interface WebSocketTopicsObserver<Topic> {
  /** A topic gets its first subscriber. If this throws, so does `subscribe`, and there is no subscription. */
  topicBegins(topic: Topic): void;
  /** A topic has lost its last subscriber. Must not throw. */
  topicEnded(topic: Topic): void;
}

const OPTIONS: OptionNames<WebSocketTopicsOptions> = { maxLagBytes: true, lagging: true };
const PUBLISH_OPTIONS: OptionNames<PublishOptions> = { except: true };

const MAX_BYTES = 2 ** 31 - 1;

/** One socket in one topic. */
class TopicSubscription<Topic> implements Subscription {
  previous: Subscription | undefined = undefined;
  next: Subscription | undefined;
  private readonly topics: WebSocketTopics<Topic>;
  private readonly topic: Topic;
  private readonly socket: WebSocketProtocol;

  constructor(topics: WebSocketTopics<Topic>, topic: Topic, socket: WebSocketProtocol) {
    const { subscriptions } = socket;
    this.topics = topics;
    this.topic = topic;
    this.socket = socket;
    this.next = subscriptions;
    if (subscriptions !== undefined) subscriptions.previous = this;
    socket.subscriptions = this;
  }

  connectionLost(): void {
    this.topics.drop(this.topic, this.socket);
  }

  /** Takes it out of the list of its socket. */
  unlink(): void {
    const { previous, next } = this;
    if (previous === undefined) this.socket.subscriptions = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
  }
}

/**
 * Any number of topics, each with any number of subscribers. Publishing calls no application code. A subscription ends with its
 * connection; a topic exists while it has subscribers.
 */
export class WebSocketTopics<Topic = string> {
  readonly #subscribers: Map<Topic, Map<WebSocketProtocol, TopicSubscription<Topic>>> = new Map();
  readonly #observers: Set<WebSocketTopicsObserver<Topic>> = new Set();
  readonly #maxLagBytes: number;
  readonly #skips: boolean;
  #skipped = 0;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: WebSocketTopicsOptions = {}) {
    checkOptions('WebSocketTopics', options, OPTIONS);
    const { maxLagBytes = 1_048_576, lagging = 'close' } = options;
    this.#maxLagBytes = checkInteger('maxLagBytes', maxLagBytes, 0, MAX_BYTES);
    this.#skips = checkChoice('lagging', lagging, ['close', 'skip']) === 'skip';
  }

  /** The topics that have subscribers. */
  get topics(): Topic[] {
    return [...this.#subscribers.keys()];
  }

  /** Messages that lagging subscribers did not receive, since this object was made. */
  get skipped(): number {
    return this.#skipped;
  }

  /**
   * Calls `observer` for each topic that begins or ends to have subscribers: for messages from elsewhere, such as those of
   * `ropewalk/pubsub`, that are wanted only while there are any.
   * @returns A function that ends this.
   */
  observe(observer: WebSocketTopicsObserver<Topic>): () => void {
    this.#observers.add(observer);
    for (const topic of this.#subscribers.keys()) observer.topicBegins(topic);
    return () => void this.#observers.delete(observer);
  }

  /** The number of subscribers of a topic. */
  size(topic: Topic): number {
    return this.#subscribers.get(topic)?.size ?? 0;
  }

  has(topic: Topic, socket: WebSocketProtocol): boolean {
    return this.#subscribers.get(topic)?.has(socket) ?? false;
  }

  /**
   * Subscribes an open connection.
   * @returns False if it is subscribed already, or closing or closed.
   * @throws InvalidArgumentTypeError @throws WebSocketNotOpenError before `opened`.
   */
  subscribe(topic: Topic, socket: WebSocketProtocol): boolean {
    if (!(socket instanceof WebSocketProtocol)) {
      throw new InvalidArgumentTypeError('socket', 'a WebSocketProtocol', socket);
    }
    socket.requireMade('subscribe');
    if (!socket.isOpen || this.has(topic, socket)) return false;
    let subscribers = this.#subscribers.get(topic);
    if (subscribers === undefined) {
      for (const observer of this.#observers) observer.topicBegins(topic);
      subscribers = new Map();
      this.#subscribers.set(topic, subscribers);
    }
    subscribers.set(socket, new TopicSubscription(this, topic, socket));
    return true;
  }

  /** @returns False if it is not subscribed. */
  unsubscribe(topic: Topic, socket: WebSocketProtocol): boolean {
    const subscription = this.#subscribers.get(topic)?.get(socket);
    if (subscription === undefined) return false;
    subscription.unlink();
    this.drop(topic, socket);
    return true;
  }

  /**
   * Sends a message to all subscribers of a topic.
   * @returns The number of those that it was sent to.
   * @throws InvalidArgumentTypeError, UnknownOptionError
   */
  publish(
    topic: Topic,
    message: string | Uint8Array | PreparedMessage,
    options: PublishOptions = {},
  ): number {
    checkOptions('publish', options, PUBLISH_OPTIONS);
    const { except } = options;
    const prepared = message instanceof PreparedMessage ? message : new PreparedMessage(message);
    let count = 0;
    for (const socket of this.#subscribers.get(topic)?.keys() ?? []) {
      if (socket === except || !socket.isOpen) continue;
      if (this.#isLagging(socket)) this.#missed(socket);
      else {
        socket.send(prepared);
        count += 1;
      }
    }
    return count;
  }

  /** @internal */
  drop(topic: Topic, socket: WebSocketProtocol): void {
    const subscribers = this.#subscribers.get(topic);
    subscribers?.delete(socket);
    if (subscribers?.size !== 0) return;
    this.#subscribers.delete(topic);
    for (const observer of this.#observers) observer.topicEnded(topic);
  }

  #isLagging(socket: WebSocketProtocol): boolean {
    return !socket.keepsUp && socket.bufferedBytes > this.#maxLagBytes;
  }

  #missed(socket: WebSocketProtocol): void {
    this.#skipped += 1;
    if (!this.#skips) socket.close(1013);
  }
}
