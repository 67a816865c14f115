/** Keeps a connection to a NATS server. */
import { backoffPolicy } from '../../clients/backoff-policy.js';
import type { Clock, DelayedCall } from '../../core/clock.js';
import { MissingPackageError } from '../../core/errors/tls.js';
import { toError } from '../../core/text-of.js';
import { callReported } from '../../defer/callback-result.js';
import { Deferred } from '../../defer/deferred.js';
import { fail, succeed } from '../../defer/succeed.js';
import { Waiters } from '../../defer/waiters.js';
import { checkMilliseconds } from '../../internal/check.js';
import { reportError } from '../../internal/error-report.js';
import type { BrokerLink, LinkEvents } from '../broker-pub-sub.js';
import {
  PublishError,
  PubSubClosedError,
  PubSubOverloadError,
  PubSubTimeoutError,
} from '../errors.js';
import { loadNats, type Nats } from './nats-client.js';
import { NatsSession } from './nats-session.js';
import type { NatsSettings } from './nats-settings.js';

/** `idle`: not started, or the reactor was stopped. `unusable`: there is no package to connect with. */
type LinkState = 'idle' | 'connecting' | 'connected' | 'waiting' | 'unusable' | 'stopped';

/** A connection that was lost earlier is made again only after a delay. */
const MIN_LIFE_MS = 1_000;

/** Loads the package. */
export type LoadNats = () => Promise<Nats>;

export class NatsLink implements BrokerLink {
  readonly #clock: Clock;
  readonly #settings: NatsSettings;
  readonly #load: LoadNats;
  #events: LinkEvents | undefined;
  #state: LinkState = 'idle';
  #session: NatsSession | undefined;
  /** The attempt to connect, which ends within its time limit. */
  #attempt: Promise<void> = Promise.resolve();
  #call: DelayedCall | undefined;
  /** Consecutive attempts that failed, and connections that were lost early. */
  #failures = 0;
  #openedAt = 0;
  #failure: Error | undefined;
  readonly #waiters: Waiters<NatsSession> = new Waiters();

  constructor(clock: Clock, settings: NatsSettings, load: LoadNats = loadNats) {
    this.#clock = clock;
    this.#settings = settings;
    this.#load = load;
  }

  get connected(): boolean {
    return this.#state === 'connected';
  }

  keyOf(pattern: string): string {
    return pattern;
  }

  start(events: LinkEvents): void {
    this.#events = events;
    if (this.#state === 'idle') this.#connect();
  }

  publish(topic: string, data: string | Buffer): Deferred<void> {
    const session = this.#session;
    const { maxUnconfirmed, timeoutMs } = this.#settings;
    if (session !== undefined) {
      if (session.unconfirmed >= maxUnconfirmed) return fail(this.#overload(topic));
      return session.publish(topic, data);
    }
    if (this.#failure !== undefined) return fail(new PublishError(topic, false, this.#failure));
    if (this.#waiters.size >= maxUnconfirmed) return fail(this.#overload(topic));
    return this.#waiters
      .add()
      .addTimeout(timeoutMs, this.#clock, () => {
        throw new PubSubTimeoutError(timeoutMs);
      })
      .addCallbacks(
        (opened) => opened.publish(topic, data),
        ({ value }) => {
          throw new PublishError(topic, false, value);
        },
      ) as Deferred<void>;
  }

  subscribe(key: string): void {
    this.#session?.subscribe(key);
    if (this.#state === 'unusable') this.#refuseLater();
  }

  unsubscribe(key: string): Deferred<void> {
    return this.#session?.unsubscribe(key) ?? succeed(undefined);
  }

  /** Fires when what was published is confirmed, within the time limit. Never fails. */
  settled(): Deferred<void> {
    return Deferred.fromPromise(this.#session?.settled() ?? Promise.resolve());
  }

  stop(): Deferred<void> {
    this.#state = 'stopped';
    if (this.#call?.active()) this.#call.cancel();
    this.#failAll(new PubSubClosedError());
    const session = this.#session;
    this.#session = undefined;
    return Deferred.fromPromise(
      Promise.all([this.#attempt, session?.close()]).then(() => undefined),
    );
  }

  #connect(): void {
    this.#state = 'connecting';
    this.#call = undefined;
    this.#attempt = this.#open().catch((error: unknown) => this.#failed(toError(error)));
  }

  async #open(): Promise<void> {
    const nats = await this.#load();
    if (this.#state !== 'connecting') return;
    const connection = await nats.connect(this.#settings.connection);
    // The state may have changed meanwhile, which the compiler does not see.
    if ((this.#state as LinkState) !== 'connecting') {
      await connection.close();
      return;
    }
    const events = this.#events as LinkEvents;
    const session: NatsSession = new NatsSession(
      connection,
      this.#settings,
      this.#clock,
      events,
      (reason) => {
        if (session === this.#session) this.#lost(reason);
      },
    );
    this.#opened(session, events);
  }

  #opened(session: NatsSession, events: LinkEvents): void {
    this.#state = 'connected';
    this.#session = session;
    this.#openedAt = this.#clock.now();
    this.#failure = undefined;
    for (const key of events.keys()) session.subscribe(key);
    this.#waiters.fireAll((waiter) => waiter.callback(session));
  }

  #lost(reason: Error): void {
    this.#session = undefined;
    this.#events?.lost();
    if (this.#clock.now() - this.#openedAt >= MIN_LIFE_MS) {
      // The next attempt is made at once: publications wait for it.
      this.#failures = 0;
      this.#wait(reason, 0);
    } else {
      this.#failures += 1;
      this.#wait(reason, this.#delayMs());
    }
  }

  #failed(error: Error): void {
    if (this.#state !== 'connecting') return;
    this.#failures += 1;
    this.#failure = error;
    this.#failAll(error);
    const { onFailure } = this.#settings;
    if (onFailure !== undefined) callReported('onFailure', onFailure, error);
    if (this.#state !== 'connecting') return;
    if (error instanceof MissingPackageError) {
      this.#state = 'unusable';
      this.#refuseAll();
    } else this.#wait(error, this.#delayMs());
  }

  /** The package is missing, and will be. */
  #refuseAll(): void {
    if (this.#failure !== undefined) this.#events?.unusable(this.#failure);
  }

  #wait(reason: Error, delayMs: number): void {
    this.#state = 'waiting';
    const dropped = (): void => {
      if (this.#state !== 'waiting') return;
      this.#state = 'idle';
      this.#failAll(reason);
    };
    try {
      this.#call = this.#clock.callLater(delayMs, () => this.#connect());
      this.#call.whenDropped(dropped);
    } catch {
      // A reactor that was disposed of makes no more calls.
      dropped();
    }
  }

  /** In a turn of its own: the caller can wait for the end of its subscription, and subscribe again without end. */
  #refuseLater(): void {
    try {
      this.#clock.callLater(0, () => this.#refuseAll());
    } catch {
      // A reactor that was disposed of makes no more calls.
    }
  }

  #delayMs(): number {
    const { retryPolicy, random } = this.#settings;
    try {
      return checkMilliseconds('the result of retryPolicy', retryPolicy(this.#failures, random));
    } catch (error) {
      reportError(error, 'retryPolicy');
      return backoffPolicy()(this.#failures, random);
    }
  }

  #failAll(error: Error): void {
    this.#waiters.fireAll((waiter) => waiter.errback(error));
  }

  #overload(topic: string): PublishError {
    const { maxUnconfirmed } = this.#settings;
    return new PublishError(
      topic,
      false,
      new PubSubOverloadError('maxUnconfirmed', maxUnconfirmed),
    );
  }
}
