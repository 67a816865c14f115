/** Active health checks: requests that find out which backends can answer. */
import type { Clock, DelayedCall } from '../core/clock.js';
import type { Deferred } from '../defer/deferred.js';
import type { HTTPConnectionPool } from '../http/client/connection-pool.js';
import { checkFunction, checkInteger, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { checkTimeout } from '../policies/idle-timeouts.js';
import type { Backend } from './backend.js';

export interface BackendCheckOptions {
  /** The target of the GET request. Default `/`. */
  readonly target?: string;
  /** Time from one check of a backend to the next. Default 5,000. */
  readonly intervalMs?: number;
  /** Time for the whole response, the connection included. Default 2,000. */
  readonly timeoutMs?: number;
  /** Successful checks in a row after which a backend that is down is up: 1 to 100. Default 2. */
  readonly rise?: number;
  /** Failed checks in a row after which a backend is down: 1 to 100. Default 3. */
  readonly fall?: number;
  /** Whether a status means health. Default: 200 to 399. */
  readonly isHealthy?: (status: number) => boolean;
}

const OPTIONS: OptionNames<BackendCheckOptions> = {
  target: true,
  intervalMs: true,
  timeoutMs: true,
  rise: true,
  fall: true,
  isHealthy: true,
};

/** More content of a response is not read. */
const MAX_CONTENT_BYTES = 65_536;

/** A change of what is known of a backend: for logs. */
export type HealthChange = (backend: Backend, isDown: boolean, error: unknown) => void;

/** The checks of one backend. */
class BackendChecks {
  call: DelayedCall | undefined;
  request: Deferred<unknown> | undefined;
  /** In a row. */
  successes = 0;
  failures = 0;
}

export class HealthChecks {
  readonly #clock: Clock;
  readonly #pool: HTTPConnectionPool;
  readonly #changed: HealthChange;
  readonly #options: Required<BackendCheckOptions>;
  readonly #checks: Map<Backend, BackendChecks> = new Map();
  #isStopped = false;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(
    clock: Clock,
    pool: HTTPConnectionPool,
    backends: readonly Backend[],
    options: BackendCheckOptions,
    changed: HealthChange,
  ) {
    checkOptions('the health checks', options, OPTIONS);
    const { target = '/', intervalMs = 5_000, timeoutMs = 2_000, rise = 2, fall = 3 } = options;
    const { isHealthy = isSuccess } = options;
    checkString('target', target);
    checkTimeout('intervalMs', intervalMs);
    checkTimeout('timeoutMs', timeoutMs);
    checkInteger('rise', rise, 1, 100);
    checkInteger('fall', fall, 1, 100);
    checkFunction('isHealthy', isHealthy);
    this.#clock = clock;
    this.#pool = pool;
    this.#changed = changed;
    this.#options = { target, intervalMs, timeoutMs, rise, fall, isHealthy };
    for (const [index, backend] of backends.entries()) {
      const checks = new BackendChecks();
      this.#checks.set(backend, checks);
      // Spread over the interval.
      const delay = (intervalMs * index) / backends.length;
      checks.call = clock.callLater(delay, () => this.#check(backend, checks));
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const { call, request } of this.#checks.values()) {
      if (call?.active() === true) call.cancel();
      request?.cancel();
    }
  }

  #check(backend: Backend, checks: BackendChecks): void {
    const { target, timeoutMs, isHealthy } = this.#options;
    const fields = { Connection: 'close', 'User-Agent': 'ropewalk-health-check' };
    const request = this.#pool
      .request(backend, { target, fields, totalTimeoutMs: timeoutMs, connectTimeoutMs: timeoutMs })
      .addCallback((response) =>
        response.bytes(MAX_CONTENT_BYTES).addCallback(() => response.status),
      );
    checks.request = request;
    request.addCallbacks(
      (status) => {
        const error = isHealthy(status) ? undefined : new Error(`the status was ${status}`);
        this.#checked(backend, checks, error);
      },
      ({ value }) => this.#checked(backend, checks, value),
    );
  }

  /** @param error Undefined if the backend is healthy. */
  #checked(backend: Backend, checks: BackendChecks, error: unknown): void {
    checks.request = undefined;
    if (this.#isStopped) return;
    const { intervalMs, rise, fall } = this.#options;
    checks.successes = error === undefined ? checks.successes + 1 : 0;
    checks.failures = error === undefined ? 0 : checks.failures + 1;
    const isDown = backend.isDown ? checks.successes < rise : checks.failures >= fall;
    if (isDown !== backend.isDown) {
      backend.isDown = isDown;
      if (!isDown) backend.succeeded();
      this.#changed(backend, isDown, error);
    }
    checks.call = this.#clock.callLater(intervalMs, () => this.#check(backend, checks));
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 400;
}
