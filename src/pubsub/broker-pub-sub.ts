/**
 * Publish/subscribe through a server: the part that is the same for all servers. Each pattern with subscriptions in this process is
 * subscribed once on the server ("upstream"), and again on each new connection; a gap is noted for subscriptions that had been ready.
 */
import type { Deferred } from '../defer/deferred.js';
import { succeed } from '../defer/succeed.js';
import { Waiters } from '../defer/waiters.js';
import { PubSubClosedError, SubscriptionRefusedError } from './errors.js';
import { maxMessageBytesOf, type PubSubOptions } from './memory-pub-sub.js';
import { type MessageData, messageData, PubSubMessage } from './message.js';
import type { PubSub, PubSubStatistics } from './pub-sub.js';
import type { PubSubReceiver, SubscribeOptions } from './subscribe-options.js';
import { Counts, Subscription, subscriptionSettings } from './subscription.js';
import { checkPattern, checkTopic } from './topics.js';

/** @internal The calls of a link into the object that uses it. */
export interface LinkEvents {
  /** The keys to subscribe on a new connection. */
  keys(): string[];
  /** The server has confirmed the subscription of a key, on the present connection. */
  confirmed(key: string): void;
  refused(key: string, error: Error): void;
  message(key: string, topic: string, data: Buffer): void;
  /** The connection was lost. */
  lost(): void;
  /** There will be no connection: subscriptions end with this error. */
  unusable(error: Error): void;
}

/** @internal A connection to a server, made again whenever it is lost. */
export interface BrokerLink {
  readonly connected: boolean;
  /** The subscription of the server for a pattern of ours: several patterns may share one that matches more topics. */
  keyOf(pattern: string): string;
  /** Begins to connect; does nothing if it has. */
  start(events: LinkEvents): void;
  /** Fails with a {@link PublishError}. */
  publish(topic: string, data: string | Buffer): Deferred<void>;
  /** Without a connection it does nothing: the keys are subscribed when there is one. Calls `confirmed`, `refused` or `unusable`. */
  subscribe(key: string): void;
  /** Never fails. */
  unsubscribe(key: string): Deferred<void>;
  /** Never fails. */
  stop(): Deferred<void>;
}

interface Upstream {
  readonly key: string;
  readonly subscriptions: Set<Subscription>;
  /** Whether the server has confirmed it, on the present connection. */
  isConfirmed: boolean;
}

/** The base of {@link RedisPubSub} and {@link NatsPubSub}. */
export class BrokerPubSub implements PubSub {
  readonly #link: BrokerLink;
  readonly #maxMessageBytes: number;
  readonly #counts = new Counts();
  readonly #upstreams = new Map<string, Upstream>();
  readonly #all = new Set<Subscription>();
  #state: 'open' | 'closing' | 'closed' = 'open';
  readonly #closeWaiters: Waiters<void> = new Waiters();
  readonly #events: LinkEvents;

  /** @internal */
  constructor(link: BrokerLink, options: PubSubOptions) {
    this.#maxMessageBytes = maxMessageBytesOf(options);
    this.#link = link;
    this.#events = {
      keys: () => [...this.#upstreams.keys()],
      confirmed: (key) => this.#confirmed(key),
      refused: (key, error) => this.#refused(key, error),
      message: (key, topic, data) => this.#message(key, topic, data),
      lost: () => this.#lost(),
      unusable: (error) => {
        for (const subscription of [...this.#all]) void subscription.end(error);
      },
    };
  }

  publish(topic: string, data: MessageData): Deferred<string | undefined> {
    this.#expectOpen();
    checkTopic(topic);
    const bytes = messageData(data, this.#maxMessageBytes);
    this.#link.start(this.#events);
    return this.#link.publish(topic, bytes).addCallbacks(
      () => {
        this.#counts.published += 1;
        return undefined;
      },
      (failure) => {
        this.#counts.failed += 1;
        return failure;
      },
    ) as Deferred<string | undefined>;
  }

  subscribe(
    pattern: string,
    receiver: PubSubReceiver,
    options: SubscribeOptions = {},
  ): Subscription {
    this.#expectOpen();
    checkPattern(pattern);
    const settings = subscriptionSettings(receiver, options);
    const owner = { counts: this.#counts, remove: this.#remove };
    const subscription = new Subscription(owner, pattern, settings);
    this.#all.add(subscription);
    this.#link.start(this.#events);
    const key = this.#link.keyOf(pattern);
    const upstream = this.#upstreams.get(key);
    if (upstream === undefined) {
      this.#upstreams.set(key, { key, subscriptions: new Set([subscription]), isConfirmed: false });
      this.#link.subscribe(key);
    } else {
      upstream.subscriptions.add(subscription);
      if (upstream.isConfirmed) subscription.confirmed();
    }
    return subscription;
  }

  statistics(): PubSubStatistics {
    const { connected } = this.#link;
    return { connected, subscriptions: this.#all.size, ...this.#counts };
  }

  close(): Deferred<void> {
    if (this.#state === 'closed') return succeed(undefined);
    const closed = this.#closeWaiters.add();
    if (this.#state === 'closing') return closed;
    this.#state = 'closing';
    for (const subscription of this.#all) void subscription.end(undefined);
    this.#link.stop().addCallback(() => {
      this.#state = 'closed';
      this.#closeWaiters.fireAll((waiter) => waiter.callback(undefined));
    });
    return closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  readonly #remove = (subscription: Subscription): Deferred<void> => {
    this.#all.delete(subscription);
    const key = this.#link.keyOf(subscription.pattern);
    const upstream = this.#upstreams.get(key);
    upstream?.subscriptions.delete(subscription);
    if (upstream === undefined || upstream.subscriptions.size > 0) return succeed(undefined);
    this.#upstreams.delete(key);
    return this.#state === 'open' ? this.#link.unsubscribe(key) : succeed(undefined);
  };

  #confirmed(key: string): void {
    const upstream = this.#upstreams.get(key);
    if (upstream === undefined) return;
    upstream.isConfirmed = true;
    for (const subscription of upstream.subscriptions) subscription.confirmed();
  }

  /** Callbacks of the subscriptions may subscribe again: that is a new upstream. */
  #refused(key: string, error: Error): void {
    const upstream = this.#upstreams.get(key);
    if (upstream === undefined) return;
    this.#upstreams.delete(key);
    void this.#link.unsubscribe(key);
    for (const subscription of upstream.subscriptions) {
      void subscription.end(new SubscriptionRefusedError(subscription.pattern, error));
    }
  }

  #message(key: string, topic: string, data: Buffer): void {
    const upstream = this.#upstreams.get(key);
    if (upstream === undefined) return;
    const message = new PubSubMessage(topic, data);
    for (const subscription of upstream.subscriptions) {
      if (subscription.matches(topic)) subscription.deliver(message);
    }
  }

  #lost(): void {
    this.#counts.lost += 1;
    for (const upstream of this.#upstreams.values()) {
      upstream.isConfirmed = false;
      for (const subscription of upstream.subscriptions) subscription.interrupted();
    }
  }

  #expectOpen(): void {
    if (this.#state !== 'open') throw new PubSubClosedError();
  }
}
