/**
 * One connection to a NATS server. NATS confirms neither publications nor subscriptions, but it processes commands in order and answers PING:
 * `flush` of the package sends one, so its answer confirms everything before it. The publications of one turn share a PING.
 */
import type { Clock, DelayedCall } from '../../core/clock.js';
import { toError } from '../../core/text-of.js';
import { Deferred } from '../../defer/deferred.js';
import { reportError } from '../../internal/error-report.js';
import { givenCopyOf } from '../../internal/lent-bytes.js';
import type { LinkEvents } from '../broker-pub-sub.js';
import { PublishError, PubSubClosedError, PubSubTimeoutError } from '../errors.js';
import type { NatsConnection, NatsSubscription } from './nats-client.js';
import type { NatsSettings } from './nats-settings.js';

interface Unconfirmed {
  readonly topic: string;
  readonly deferred: Deferred<void>;
}

export class NatsSession {
  readonly #connection: NatsConnection;
  readonly #settings: NatsSettings;
  readonly #clock: Clock;
  readonly #events: LinkEvents;
  readonly #subscriptions = new Map<string, NatsSubscription>();
  /** Of this turn: a PING follows. */
  #batch: Unconfirmed[] = [];
  readonly #inFlight = new Set<Unconfirmed[]>();
  #watch: DelayedCall | undefined;
  #confirmations = 0;
  #open = true;

  /** @param lost Called once, when the connection is gone. */
  constructor(
    connection: NatsConnection,
    settings: NatsSettings,
    clock: Clock,
    events: LinkEvents,
    lost: (reason: Error) => void,
  ) {
    this.#connection = connection;
    this.#settings = settings;
    this.#clock = clock;
    this.#events = events;
    void connection.closed().then((reason) => {
      const error = reason instanceof Error ? reason : new Error('the connection was closed');
      this.#ended(error);
      lost(error);
    });
    void this.#reportErrors();
  }

  get unconfirmed(): number {
    let count = this.#batch.length;
    for (const batch of this.#inFlight) count += batch.length;
    return count;
  }

  publish(topic: string, data: string | Uint8Array): Deferred<void> {
    const deferred = new Deferred<void>();
    try {
      this.#connection.publish(`${this.#settings.prefix}${topic}`, data);
    } catch (cause) {
      deferred.errback(new PublishError(topic, false, cause));
      return deferred;
    }
    this.#batch.push({ topic, deferred });
    if (this.#batch.length === 1) queueMicrotask(this.#confirm);
    return deferred;
  }

  /** Subscribes, and reports the confirmation. */
  subscribe(key: string): void {
    const { prefix } = this.#settings;
    let refused: Error | undefined;
    const subscription = this.#connection.subscribe(`${prefix}${key}`, {
      callback: (error, { subject, data }) => {
        if (error !== null) refused = error;
        else this.#events.message(key, subject.slice(prefix.length), givenCopyOf(data));
      },
    });
    this.#subscriptions.set(key, subscription);
    const settled = (): void => {
      if (this.#subscriptions.get(key) !== subscription) return;
      if (refused === undefined) this.#events.confirmed(key);
      else this.#events.refused(key, refused);
    };
    // A connection that ends before is replaced.
    void this.#flush().then(settled, () => {});
  }

  unsubscribe(key: string): Deferred<void> {
    this.#subscriptions.get(key)?.unsubscribe();
    this.#subscriptions.delete(key);
    return Deferred.fromPromise(this.#flush().catch(() => {}));
  }

  /** Waits for confirmations, and closes the connection. Never rejected. */
  async close(): Promise<void> {
    await this.settled();
    await this.#connection.close().catch(() => {});
  }

  /**
   * Fulfilled when everything is confirmed, after the time limit, or when the reactor makes no more calls. Publications that are not confirmed
   * then have failed. Never rejected.
   */
  settled(): Promise<void> {
    const { timeoutMs } = this.#settings;
    return new Promise((resolve) => {
      let limit: DelayedCall | undefined;
      const done = (): void => {
        if (limit?.active()) limit.cancel();
        resolve();
      };
      const giveUp = (error: Error): void => {
        for (const batch of [...this.#inFlight]) this.#settle(batch, error);
        resolve();
      };
      try {
        limit = this.#clock.callLater(timeoutMs, () => giveUp(new PubSubTimeoutError(timeoutMs)));
        limit.whenDropped(() => giveUp(new PubSubClosedError()));
      } catch {
        resolve();
        return;
      }
      this.#flush().then(done, done);
    });
  }

  readonly #confirm = (): void => {
    const batch = this.#batch;
    this.#batch = [];
    this.#inFlight.add(batch);
    this.#arm();
    this.#flush().then(
      () => {
        this.#confirmations += 1;
        this.#settle(batch, undefined);
      },
      (error: unknown) => this.#settle(batch, toError(error)),
    );
  };

  #settle(batch: Unconfirmed[], error: Error | undefined): void {
    this.#inFlight.delete(batch);
    if (this.#inFlight.size === 0 && this.#watch?.active()) this.#watch.cancel();
    for (const { topic, deferred } of batch) {
      if (deferred.fired) continue;
      if (error === undefined) deferred.callback(undefined);
      else deferred.errback(new PublishError(topic, true, error));
    }
  }

  /** One delayed call serves all batches: a batch fails after once or twice the time limit, a silent connection after two. */
  #arm(): void {
    if (this.#watch?.active()) return;
    const confirmations = this.#confirmations;
    const batches = [...this.#inFlight];
    const { timeoutMs } = this.#settings;
    try {
      this.#watch = this.#clock.callLater(timeoutMs, () => {
        const late = batches.filter((batch) => this.#inFlight.has(batch));
        const error = new PubSubTimeoutError(timeoutMs);
        for (const batch of late) this.#settle(batch, error);
        if (this.#confirmations === confirmations && late.length > 0) void this.#connection.close();
        else if (this.#inFlight.size > 0) this.#arm();
      });
    } catch {
      // A reactor that was disposed of makes no more calls.
    }
  }

  #flush(): Promise<void> {
    try {
      return this.#connection.flush();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #ended(error: Error): void {
    this.#open = false;
    if (this.#watch?.active()) this.#watch.cancel();
    for (const batch of [this.#batch, ...this.#inFlight]) this.#settle(batch, error);
    this.#batch = [];
  }

  /** NATS does not say which publication it refused: its errors are reported. Those of subscriptions reach their callbacks. */
  async #reportErrors(): Promise<void> {
    for await (const { type, error } of this.#connection.status()) {
      if (!this.#open) return;
      const { operation } = (error ?? {}) as { operation?: string };
      if (type === 'error' && operation !== 'subscription') reportError(error, 'NATS connection');
    }
  }
}
