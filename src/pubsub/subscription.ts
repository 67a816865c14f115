/** One receiver of a topic or pattern: a bounded queue, and one call of the receiver at a time. */
import type { Deferred } from '../defer/deferred.js';
import { ReactorStoppedError } from '../defer/errors.js';
import { fail, succeed } from '../defer/succeed.js';
import { isThenable } from '../defer/thenable.js';
import { Waiters } from '../defer/waiters.js';
import { type AsyncContext, callIn, captureContext } from '../internal/async-context.js';
import { checkChoice, checkFunction, checkInteger } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { Fifo } from '../internal/fifo.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { PubSubClosedError, SlowSubscriberError } from './errors.js';
import type { PubSubMessage } from './message.js';
import type {
  PubSubGap,
  PubSubReceiver,
  SlowPolicy,
  SubscribeOptions,
} from './subscribe-options.js';
import { isWild, matchesTopic } from './topics.js';

/** @internal */
export const SUBSCRIBE_OPTIONS: OptionNames<SubscribeOptions> = {
  maxQueued: true,
  maxQueuedBytes: true,
  slow: true,
  onGap: true,
};

/** @internal Checked options. */
export interface SubscriptionSettings {
  readonly receiver: PubSubReceiver;
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
  readonly slow: SlowPolicy;
  readonly onGap: ((gap: PubSubGap) => unknown) | undefined;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function subscriptionSettings(
  receiver: PubSubReceiver,
  options: SubscribeOptions,
  names: OptionNames<SubscribeOptions> = SUBSCRIBE_OPTIONS,
): SubscriptionSettings {
  checkFunction('receiver', receiver);
  checkOptions('subscribe', options, names);
  const { maxQueued = 1_000, maxQueuedBytes = 2 ** 24, slow = 'error', onGap } = options;
  checkInteger('maxQueued', maxQueued, 1, 2 ** 31 - 1);
  checkInteger('maxQueuedBytes', maxQueuedBytes, 1, Number.MAX_SAFE_INTEGER);
  checkChoice('slow', slow, ['drop-oldest', 'close', 'error']);
  if (onGap !== undefined) checkFunction('onGap', onGap);
  return { receiver, maxQueued, maxQueuedBytes, slow, onGap };
}

/** @internal The figures that the subscriptions of one object share. */
export class Counts {
  queued = 0;
  published = 0;
  failed = 0;
  delivered = 0;
  dropped = 0;
  slowEnded = 0;
  lost = 0;
}

/** @internal The object that a subscription belongs to. */
export interface SubscriptionOwner {
  readonly counts: Counts;
  /** It is no longer a subscription. Fires when the server has no subscription of it any more. Must not throw. */
  remove(subscription: Subscription): Deferred<void>;
}

/** A message with the function that is called with the outcome of its receiver, or a gap. */
interface Waiting {
  readonly message: PubSubMessage | undefined;
  readonly gap: PubSubGap | undefined;
  readonly done: ((succeeded: boolean) => void) | undefined;
}

/** The state: no further message will be missed; or the server has not confirmed the subscription; or it has ended. */
export type SubscriptionState = 'pending' | 'ready' | 'ended';

/** A subscription, from `subscribe` until it ends. */
export class Subscription {
  /** The topic or pattern. */
  readonly pattern: string;
  readonly #owner: SubscriptionOwner;
  readonly #settings: SubscriptionSettings;
  readonly #context: AsyncContext;
  readonly #isWild: boolean;
  #state: SubscriptionState = 'pending';
  #wasReady = false;
  #error: Error | undefined;
  readonly #queue = new Fifo<Waiting>();
  #messages = 0;
  #bytes = 0;
  #missed = 0;
  /** A call of the receiver is in progress, or its promise is not settled. */
  #isBusy = false;
  #isScheduled = false;
  readonly #readyWaiters: Waiters<void> = new Waiters();
  readonly #endWaiters: Waiters<void> = new Waiters();
  /** @internal Called when messages were taken from the queue: for servers that are asked for more. */
  onRoom: (() => void) | undefined = undefined;

  /** @internal */
  constructor(owner: SubscriptionOwner, pattern: string, settings: SubscriptionSettings) {
    this.#owner = owner;
    this.pattern = pattern;
    this.#settings = settings;
    this.#isWild = isWild(pattern);
    this.#context = captureContext();
  }

  get state(): SubscriptionState {
    return this.#state;
  }

  /** Messages that wait for the receiver. */
  get queued(): number {
    return this.#messages;
  }

  /** @internal Messages that fit into the queue, judged by their number. */
  get room(): number {
    return this.#settings.maxQueued - this.#messages;
  }

  /** Fires when the server has confirmed the subscription: at once if it is ready. Fails if the subscription ends before. */
  ready(): Deferred<void> {
    if (this.#state === 'ready') return succeed(undefined);
    if (this.#state === 'ended') return fail(this.#error ?? new PubSubClosedError());
    return this.#readyWaiters.add();
  }

  /**
   * Fires when the subscription has ended: by `unsubscribe`, by `close`, or because its receiver was slow (policy `close`). Fails with the
   * {@link SlowSubscriberError} of the policy `error`, with the {@link SubscriptionRefusedError} of a server, or with a MissingPackageError.
   */
  ended(): Deferred<void> {
    if (this.#state !== 'ended') return this.#endWaiters.add();
    return this.#error === undefined ? succeed(undefined) : fail(this.#error);
  }

  /**
   * Ends the subscription: the receiver is not called again, and waiting messages are dropped. Does nothing if it has ended.
   * @returns Fires when the server sends no further message for it; at once without a connection. Never fails.
   */
  unsubscribe(): Deferred<void> {
    return this.end(undefined);
  }

  /** @internal Whether a topic, which the server has matched, is one of the pattern. */
  matches(topic: string): boolean {
    return !this.#isWild || matchesTopic(this.pattern, topic);
  }

  /**
   * @internal The server has confirmed it, for the first time or again.
   * @param resumes Whether messages that were published meanwhile still arrive.
   */
  confirmed(resumes = false): void {
    if (this.#state === 'ended') return;
    if (!resumes && this.#wasReady && this.#state === 'pending')
      this.gap({ reason: 'connection', count: undefined });
    this.#wasReady = true;
    this.#state = 'ready';
    this.#readyWaiters.fireAll((waiter) => waiter.callback(undefined));
  }

  /** @internal The connection was lost. */
  interrupted(): void {
    if (this.#state === 'ready') this.#state = 'pending';
  }

  /** @internal Puts a gap into the queue, unless it follows one. */
  gap(gap: PubSubGap): void {
    if (this.#settings.onGap === undefined || this.#queue.last?.gap !== undefined) return;
    this.#queue.push({ message: undefined, gap, done: undefined });
    this.#schedule();
  }

  /** @internal Puts a message into the queue, which is served later in this turn. */
  deliver(message: PubSubMessage, done?: (succeeded: boolean) => void): void {
    if (this.#state === 'ended') return;
    if (this.#isFull(message) && !this.#isBusy) this.#serve();
    if (this.#isFull(message) && !this.#makeRoom(message)) return;
    this.#queue.push({ message, gap: undefined, done });
    this.#count(1, message.size);
    this.#schedule();
  }

  /** @internal */
  end(error: Error | undefined): Deferred<void> {
    if (this.#state === 'ended') return succeed(undefined);
    this.#state = 'ended';
    this.#error = error;
    this.#count(-this.#messages, 0);
    this.#queue.takeAll();
    const removed = this.#owner.remove(this);
    const isHandled = this.#endWaiters.size + this.#readyWaiters.size > 0;
    const reason = error ?? new PubSubClosedError();
    this.#readyWaiters.fireAll((waiter) => waiter.errback(reason));
    this.#endWaiters.fireAll((waiter) =>
      error === undefined ? waiter.callback(undefined) : waiter.errback(error),
    );
    if (error !== undefined && !isHandled) reportError(error, `subscription of ${this.pattern}`);
    return removed;
  }

  #isFull({ size }: PubSubMessage): boolean {
    const { maxQueued, maxQueuedBytes } = this.#settings;
    if (this.#messages === 0) return false;
    return this.#messages >= maxQueued || this.#bytes + size > maxQueuedBytes;
  }

  /** @returns False if the subscription has ended. */
  #makeRoom(message: PubSubMessage): boolean {
    const { slow, maxQueued, maxQueuedBytes } = this.#settings;
    const { counts } = this.#owner;
    if (this.#state === 'ended') return false;
    if (slow !== 'drop-oldest') {
      const option = this.#messages >= maxQueued ? 'maxQueued' : 'maxQueuedBytes';
      const limit = option === 'maxQueued' ? maxQueued : maxQueuedBytes;
      counts.slowEnded += 1;
      void this.end(
        slow === 'close' ? undefined : new SlowSubscriberError(this.pattern, option, limit),
      );
      return false;
    }
    while (this.#isFull(message)) {
      const oldest = this.#shift();
      if (oldest?.message === undefined) continue;
      counts.dropped += 1;
      this.#missed += 1;
    }
    return true;
  }

  #schedule(): void {
    if (this.#isBusy || this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(this.#serveLater);
  }

  readonly #serveLater = (): void => {
    this.#isScheduled = false;
    if (!this.#isBusy) this.#serve();
  };

  /** Calls the receiver for waiting messages, until one of its results is a promise. */
  #serve(): void {
    this.#isBusy = true;
    while (this.#state !== 'ended' && this.#queue.length > 0) {
      if (this.#missed > 0 && this.#settings.onGap !== undefined) {
        const gap: PubSubGap = { reason: 'slow', count: this.#missed };
        this.#missed = 0;
        if (this.#call(this.#settings.onGap, gap, undefined)) return;
        continue;
      }
      const waiting = this.#shift() as Waiting;
      if (this.#serveOne(waiting)) return;
    }
    this.#isBusy = false;
    this.onRoom?.();
  }

  /** @returns Whether the receiver has to be waited for. */
  #serveOne({ message, gap, done }: Waiting): boolean {
    const { receiver, onGap } = this.#settings;
    if (gap !== undefined) return onGap !== undefined && this.#call(onGap, gap, done);
    this.#owner.counts.delivered += 1;
    return this.#call(receiver, message as PubSubMessage, done);
  }

  /** @returns Whether its promise has to be waited for. */
  #call<T>(
    callback: (argument: T) => unknown,
    argument: T,
    done: ((succeeded: boolean) => void) | undefined,
  ): boolean {
    try {
      const result = callIn(this.#context, undefined, callback, argument);
      if (result === undefined || !isThenable(result)) {
        done?.(true);
        return false;
      }
      result.then(
        () => this.#settled(true, done),
        (error) => {
          if (!(error instanceof ReactorStoppedError)) this.#report(error);
          this.#settled(false, done);
        },
      );
      return true;
    } catch (error) {
      this.#report(error);
      done?.(false);
      return false;
    }
  }

  #settled(succeeded: boolean, done: ((succeeded: boolean) => void) | undefined): void {
    done?.(succeeded);
    this.#serve();
  }

  #report(error: unknown): void {
    reportError(error, `receiver of ${this.pattern}`);
  }

  #shift(): Waiting | undefined {
    const waiting = this.#queue.shift();
    if (waiting?.message !== undefined) this.#count(-1, -waiting.message.size);
    return waiting;
  }

  #count(messages: number, bytes: number): void {
    this.#messages += messages;
    this.#bytes = this.#messages === 0 ? 0 : this.#bytes + bytes;
    this.#owner.counts.queued += messages;
  }
}
