/** The delay before a worker that ended is started again. Pure: randomness is an argument. */
import { backoffPolicy, type RetryPolicy } from '../clients/backoff-policy.js';

/** The delays before workers that ended are started again. */
export interface RestartOptions {
  /** Delay before the first restart. Default 100. */
  readonly initialDelayMs?: number;
  /** Longest delay. Default 30,000. */
  readonly maxDelayMs?: number;
  /** The factor by which each delay exceeds the previous one, 1 or more. Default 2. */
  readonly factor?: number;
  /** The fraction, 0 to 1, by which a delay is shortened at random, so that workers do not restart together. Default 0.2. */
  readonly jitter?: number;
  /** A worker that was ready this long is healthy: the next delay is `initialDelayMs` again. Default 10,000. */
  readonly healthyAfterMs?: number;
}

export const RESTART_DEFAULTS: Required<RestartOptions> = {
  initialDelayMs: 100,
  maxDelayMs: 30_000,
  factor: 2,
  jitter: 0.2,
  healthyAfterMs: 10_000,
};

/** The delays of one worker. */
export class RestartDelays {
  readonly #delayAfter: RetryPolicy;
  readonly #healthyAfterMs: number;
  readonly #random: () => number;
  #failures = 0;

  /** @param random Like `Math.random`. */
  constructor(options: Required<RestartOptions>, random: () => number) {
    const { healthyAfterMs, ...backoff } = options;
    this.#delayAfter = backoffPolicy(backoff);
    this.#healthyAfterMs = healthyAfterMs;
    this.#random = random;
  }

  /** The number of consecutive ends without a healthy period between them. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * Called when the worker has ended. Returns the delay before it is started again.
   * @param readyForMs How long it had been ready; undefined if it never was.
   */
  next(readyForMs: number | undefined): number {
    if (readyForMs !== undefined && readyForMs >= this.#healthyAfterMs) this.#failures = 0;
    this.#failures += 1;
    return this.#delayAfter(this.#failures, this.#random);
  }
}
