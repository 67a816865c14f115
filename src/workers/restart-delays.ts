/** How long to wait before a worker that ended is started again. Pure: randomness is an argument. */

/** When and how fast workers that ended are started again. */
export interface RestartOptions {
  /** Wait before the first restart. Default 100. */
  readonly initialDelayMs?: number;
  /** Longest wait. Default 30,000. */
  readonly maxDelayMs?: number;
  /** How much longer each wait is than the one before, 1 or more. Default 2. */
  readonly factor?: number;
  /** The share, 0 to 1, by which a wait may be shortened at random, so that workers don't come in step. Default 0.2. */
  readonly jitter?: number;
  /** A worker that was ready for so long is healthy: the next wait is `initialDelayMs` again. Default 10,000. */
  readonly healthyAfterMs?: number;
}

export const RESTART_DEFAULTS: Required<RestartOptions> = {
  initialDelayMs: 100,
  maxDelayMs: 30_000,
  factor: 2,
  jitter: 0.2,
  healthyAfterMs: 10_000,
};

/** The waits of one worker. */
export class RestartDelays {
  readonly #options: Required<RestartOptions>;
  readonly #random: () => number;
  #failures = 0;
  #waitMs: number;

  /** @param random As `Math.random`. */
  constructor(options: Required<RestartOptions>, random: () => number) {
    this.#options = options;
    this.#random = random;
    this.#waitMs = options.initialDelayMs;
  }

  /** Ends in a row, without a healthy time between them. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * The worker ended: how long to wait.
   * @param readyForMs How long it had been ready; undefined where it never was.
   */
  next(readyForMs: number | undefined): number {
    const { initialDelayMs, maxDelayMs, factor, jitter, healthyAfterMs } = this.#options;
    if (readyForMs !== undefined && readyForMs >= healthyAfterMs) {
      this.#failures = 0;
      this.#waitMs = initialDelayMs;
    }
    const waitMs = Math.min(this.#waitMs, maxDelayMs);
    this.#failures += 1;
    this.#waitMs = waitMs * factor;
    return waitMs * (1 - jitter * this.#random());
  }
}
