/** A factory for `connectTCP` and the like that connects again: Twisted's class. {@link ClientService} does more. */
import type { Clock, DelayedCall } from '../core/clock.js';
import type { Connector } from '../core/connector.js';
import { ReactorStoppingError } from '../core/errors/reactor.js';
import { ClientFactory } from '../core/factory.js';
import type { MaybeAsync } from '../core/maybe-async.js';
import { checkClock, checkFunction, checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { type BackoffOptions, backoffPolicy, type RetryPolicy } from './backoff-policy.js';

export interface ReconnectingClientOptions extends BackoffOptions {
  /** Measures the delays: usually the reactor. */
  readonly clock: Clock;
  /** The number of consecutive attempts after which it gives up. Default: no limit. */
  readonly maxRetries?: number;
  /** For the jitter of delays. Default `Math.random`. */
  readonly random?: () => number;
}

const OPTIONS: OptionNames<ReconnectingClientOptions> = {
  clock: true,
  maxRetries: true,
  random: true,
  initialDelayMs: true,
  maxDelayMs: true,
  factor: true,
  jitter: true,
};

/**
 * Connects again, after growing delays, when the connection is lost or could not be made. Override `buildProtocol`, and call
 * {@link resetDelay} when the connection has proved useful: otherwise the delays continue to grow.
 *
 * It serves one connector at a time. If the reactor is stopped, it stops retrying, and can be used in the next run.
 *
 * @example
 * class Bots extends ReconnectingClientFactory {
 *   override buildProtocol(): Bot {
 *     this.resetDelay();
 *     return new Bot();
 *   }
 * }
 * reactor.connectTCP('irc.example', 6667, new Bots({ clock: reactor }));
 */
export class ReconnectingClientFactory extends ClientFactory {
  /** False from `stopTrying` to `resetDelay`. */
  continueTrying = true;
  readonly maxRetries: number;
  readonly #clock: Clock;
  readonly #delay: RetryPolicy;
  readonly #random: () => number;
  #retries = 0;
  #connector: Connector | undefined;
  #call: DelayedCall | undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: ReconnectingClientOptions) {
    super();
    checkOptions('ReconnectingClientFactory', options, OPTIONS);
    const { clock, maxRetries, random = Math.random, ...backoff } = options;
    checkClock('clock', clock);
    checkFunction('random', random);
    this.maxRetries =
      maxRetries === undefined
        ? Number.POSITIVE_INFINITY
        : checkInteger('maxRetries', maxRetries, 0, Number.MAX_SAFE_INTEGER);
    this.#clock = clock;
    this.#random = random;
    this.#delay = backoffPolicy(backoff);
  }

  /** The number of attempts since `resetDelay`. */
  get retries(): number {
    return this.#retries;
  }

  /** Begins with the shortest delay again, and tries again after `stopTrying`. */
  resetDelay(): void {
    this.#cancelCall();
    this.#retries = 0;
    this.continueTrying = true;
  }

  /** Makes no more attempts, and cancels the present one. A connection stays open. */
  stopTrying(): void {
    this.continueTrying = false;
    this.#cancelCall();
    if (this.#connector?.state === 'connecting') this.#connector.stopConnecting();
  }

  /**
   * Connects again after the delay.
   * @returns Whether it will: false after `stopTrying`, and after `maxRetries` attempts.
   */
  retry(connector: Connector): boolean {
    this.#connector = connector;
    if (!this.continueTrying || this.#retries >= this.maxRetries) return false;
    this.#retries += 1;
    this.#cancelCall();
    const delayMs = this.#delay(this.#retries, this.#random);
    this.#call = this.#clock.callLater(delayMs, () => {
      this.#call = undefined;
      this.#connect(connector);
    });
    return true;
  }

  override startedConnecting(connector: Connector): MaybeAsync {
    this.#connector = connector;
  }

  /** Reported if it makes no more attempts. */
  override clientConnectionFailed(connector: Connector, reason: Error): MaybeAsync {
    if (!this.retry(connector)) connector.failureUnhandled?.(reason);
  }

  override clientConnectionLost(connector: Connector, _reason: Error): MaybeAsync {
    this.retry(connector);
  }

  /** The application may have connected by itself. */
  #connect(connector: Connector): void {
    if (connector.state !== 'disconnected') return;
    try {
      connector.connect();
    } catch (error) {
      if (!(error instanceof ReactorStoppingError)) throw error;
    }
  }

  /** A call that was dropped, because the reactor was stopped, is not active. */
  #cancelCall(): void {
    if (this.#call?.active()) this.#call.cancel();
    this.#call = undefined;
  }
}
