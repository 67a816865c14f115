/** Subscriptions that last as long as a topic has clients in this process. */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import type { Deferred } from '../../defer/deferred.js';
import { fail } from '../../defer/succeed.js';
import { checkFunction } from '../../internal/check.js';
import { reportError } from '../../internal/error-report.js';
import { PubSubClosedError } from '../errors.js';
import type { PubSubMessage } from '../message.js';
import type { PubSub } from '../pub-sub.js';
import type { PubSubGap, SubscribeOptions } from '../subscribe-options.js';
import type { Subscription } from '../subscription.js';
import { checkTopic } from '../topics.js';

export interface RelayOptions {
  /**
   * Called when messages of a topic were, or may have been, missed: send clients the present state, or tell them to fetch it. If it returns a
   * promise or Deferred, further messages of the topic wait for that, up to 1,000; if there are more, the oldest are dropped, and it is called
   * again. An exception is reported. Default: nothing is done.
   */
  readonly onGap?: (topic: string, gap: PubSubGap) => unknown;
}

export class Upstreams {
  readonly #pubsub: PubSub;
  readonly #onGap: RelayOptions['onGap'];
  readonly #subscriptions = new Map<string, Subscription>();

  /** @throws InvalidArgumentTypeError */
  constructor(pubsub: PubSub, { onGap }: RelayOptions) {
    checkPubSub(pubsub);
    if (onGap !== undefined) checkFunction('onGap', onGap);
    this.#pubsub = pubsub;
    this.#onGap = onGap;
  }

  get topics(): string[] {
    return [...this.#subscriptions.keys()];
  }

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, PubSubClosedError */
  begin(topic: string, receive: (message: PubSubMessage) => void): void {
    const subscription = this.#pubsub.subscribe(checkTopic(topic), receive, this.options(topic));
    this.#subscriptions.set(topic, subscription);
    // Refused by the server: nothing arrives until the topic begins again.
    subscription.ended().addErrback(({ value }) => reportError(value, `relay of ${topic}`));
  }

  /**
   * The options of a subscription of the topic. Messages wait for the promise of `onGap`; those that do not fit into the queue are another
   * gap. Streams keep them on their server.
   */
  options(topic: string): SubscribeOptions {
    const onGap = this.#onGap;
    if (onGap === undefined) return {};
    const options = { onGap: (gap: PubSubGap) => onGap(topic, gap) };
    return this.#pubsub.keepsMessages === true ? options : { ...options, slow: 'drop-oldest' };
  }

  end(topic: string): void {
    void this.#subscriptions.get(topic)?.unsubscribe();
    this.#subscriptions.delete(topic);
  }

  /** Fires when the topic's subscription is ready. */
  ready(topic: string): Deferred<void> {
    return this.#subscriptions.get(topic)?.ready() ?? fail(new PubSubClosedError());
  }
}

/** Checks the methods, so that wrappers of applications are accepted. @throws InvalidArgumentTypeError */
function checkPubSub(value: unknown): void {
  const { publish, subscribe } = (value ?? {}) as Partial<PubSub>;
  if (typeof publish === 'function' && typeof subscribe === 'function') return;
  throw new InvalidArgumentTypeError('pubsub', 'a PubSub', value);
}
