/** Publish/subscribe within one process. */
import type { Deferred } from '../defer/deferred.js';
import { succeed } from '../defer/succeed.js';
import { checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { PubSubClosedError } from './errors.js';
import { type MessageData, messageData, PubSubMessage } from './message.js';
import { PatternTree } from './pattern-tree.js';
import type { PubSub, PubSubStatistics } from './pub-sub.js';
import type { PubSubReceiver, SubscribeOptions } from './subscribe-options.js';
import { Counts, Subscription, subscriptionSettings } from './subscription.js';
import { checkPattern, checkTopic, isWild } from './topics.js';

export interface PubSubOptions {
  /** Longest message, in bytes: 1 to 2^29. Default 1,048,576, which is also the default of NATS servers. */
  readonly maxMessageBytes?: number;
}

/** @internal */
export const PUBSUB_OPTIONS: OptionNames<PubSubOptions> = { maxMessageBytes: true };

/** @internal @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function maxMessageBytesOf({ maxMessageBytes = 2 ** 20 }: PubSubOptions): number {
  return checkInteger('maxMessageBytes', maxMessageBytes, 1, 2 ** 29);
}

/**
 * Publish/subscribe within one process: for programs that run once, for tests, and as the default of libraries. Messages arrive in the order in
 * which they were published, once, and are lost only if a receiver is slow.
 *
 * @example
 * const pubsub = new MemoryPubSub();
 * pubsub.subscribe('prices.*', (message) => console.log(message.topic, message.text));
 * await pubsub.publish('prices.gold', '2000');
 */
export class MemoryPubSub implements PubSub {
  readonly #maxMessageBytes: number;
  readonly #counts = new Counts();
  /** By topic. */
  readonly #exact = new Map<string, Set<Subscription>>();
  readonly #wild = new PatternTree<Subscription>();
  readonly #all = new Set<Subscription>();
  #closed = false;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: PubSubOptions = {}) {
    checkOptions('MemoryPubSub', options, PUBSUB_OPTIONS);
    this.#maxMessageBytes = maxMessageBytesOf(options);
  }

  publish(topic: string, data: MessageData): Deferred<string | undefined> {
    if (this.#closed) throw new PubSubClosedError();
    const message = new PubSubMessage(checkTopic(topic), messageData(data, this.#maxMessageBytes));
    for (const subscription of this.#exact.get(topic) ?? []) subscription.deliver(message);
    if (!this.#wild.isEmpty) this.#wild.match(topic, (found) => found.deliver(message));
    this.#counts.published += 1;
    return succeed<string | undefined>(undefined);
  }

  subscribe(
    pattern: string,
    receiver: PubSubReceiver,
    options: SubscribeOptions = {},
  ): Subscription {
    if (this.#closed) throw new PubSubClosedError();
    checkPattern(pattern);
    const settings = subscriptionSettings(receiver, options);
    const owner = { counts: this.#counts, remove: this.#remove };
    const subscription = new Subscription(owner, pattern, settings);
    this.#all.add(subscription);
    if (isWild(pattern)) this.#wild.add(pattern, subscription);
    else {
      const others = this.#exact.get(pattern);
      if (others === undefined) this.#exact.set(pattern, new Set([subscription]));
      else others.add(subscription);
    }
    subscription.confirmed();
    return subscription;
  }

  statistics(): PubSubStatistics {
    return { connected: !this.#closed, subscriptions: this.#all.size, ...this.#counts };
  }

  close(): Deferred<void> {
    this.#closed = true;
    for (const subscription of this.#all) void subscription.end(undefined);
    return succeed(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  readonly #remove = (subscription: Subscription): Deferred<void> => {
    const { pattern } = subscription;
    this.#all.delete(subscription);
    if (isWild(pattern)) this.#wild.remove(pattern, subscription);
    else {
      const others = this.#exact.get(pattern);
      others?.delete(subscription);
      if (others?.size === 0) this.#exact.delete(pattern);
    }
    return succeed(undefined);
  };
}
