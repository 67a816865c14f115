/** Whether a program is alive, and ready for work. */
import type { Clock } from '../core/clock.js';
import { messageOf } from '../core/text-of.js';
import { Deferred } from '../defer/deferred.js';
import { gatherResults } from '../defer/gather-results.js';
import { maybeDeferred } from '../defer/succeed.js';
import {
  checkChoice,
  checkClock,
  checkFunction,
  checkMilliseconds,
  checkString,
} from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';

/** `live`: the program has to be restarted if the check fails. `ready`: it gets no work as long as the check fails. */
export type HealthKind = 'live' | 'ready';

export interface HealthCheckOptions {
  /** Default `ready`. */
  readonly kind?: HealthKind;
  /** A check without a result after this time fails. Default 5,000. */
  readonly timeoutMs?: number;
}

const OPTIONS: OptionNames<HealthCheckOptions> = { kind: true, timeoutMs: true };
const DEFAULT_TIMEOUT_MS = 5_000;

/** The life of the program. It is ready only while it is `running`. */
export type LifeState = 'starting' | 'running' | 'draining' | 'stopped';

export interface HealthCheckReport {
  readonly name: string;
  readonly healthy: boolean;
  /** The reason why it is not healthy. */
  readonly message: string | undefined;
  readonly durationMs: number;
}

export interface HealthReport {
  readonly healthy: boolean;
  readonly state: LifeState;
  /** In the order in which they were added. */
  readonly checks: readonly HealthCheckReport[];
}

interface Check {
  readonly name: string;
  readonly check: () => unknown;
  readonly kind: HealthKind;
  readonly timeoutMs: number;
}

/**
 * A registry of checks. A program is live if its live checks succeed, and ready if it is running and all checks succeed.
 *
 * @example health.add('database', () => pool.runQuery('SELECT 1'));
 */
export class Health {
  readonly #clock: Clock;
  readonly #checks: Set<Check> = new Set();
  #state: LifeState = 'stopped';

  /** @param clock For the time limits: usually the reactor. @throws InvalidArgumentTypeError */
  constructor(clock: Clock) {
    checkClock('clock', clock);
    this.#clock = clock;
  }

  /** Set by `runApplication`. */
  get state(): LifeState {
    return this.#state;
  }

  set state(state: LifeState) {
    this.#state = checkChoice('state', state, ['starting', 'running', 'draining', 'stopped']);
  }

  /**
   * Adds a check.
   * @param check Called for each report. It fails if it throws, returns `false`, or returns a promise or Deferred that fails or
   * has the result `false`.
   * @returns A function that removes the check.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  add(name: string, check: () => unknown, options: HealthCheckOptions = {}): () => void {
    checkOptions('add', options, OPTIONS);
    checkString('name', name);
    checkFunction('check', check);
    const entry: Check = {
      name,
      check,
      kind: checkChoice('kind', options.kind ?? 'ready', ['live', 'ready']),
      timeoutMs: checkMilliseconds('timeoutMs', options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
    };
    this.#checks.add(entry);
    return () => void this.#checks.delete(entry);
  }

  /** Whether the program need not be restarted. Never fails. */
  live(): Deferred<HealthReport> {
    const checks = [...this.#checks].filter(({ kind }) => kind === 'live');
    return this.#report(checks, true);
  }

  /** Whether the program can be given work. Never fails. Checks are made only while it is running. */
  ready(): Deferred<HealthReport> {
    const running = this.#state === 'running';
    return this.#report(running ? [...this.#checks] : [], running);
  }

  #report(checks: readonly Check[], otherwise: boolean): Deferred<HealthReport> {
    return gatherResults(checks.map((check) => this.#run(check))).addCallback((reports) => ({
      healthy: otherwise && reports.every(({ healthy }) => healthy),
      state: this.#state,
      checks: reports,
    }));
  }

  #run({ name, check, timeoutMs }: Check): Deferred<HealthCheckReport> {
    const began = this.#clock.now();
    const reported = new Deferred<HealthCheckReport>();
    const report = (message?: string): void => {
      if (limit.active()) limit.cancel();
      if (reported.fired) return;
      const durationMs = this.#clock.now() - began;
      reported.callback({ name, healthy: message === undefined, message, durationMs });
    };
    const limit = this.#clock.callLater(timeoutMs, () =>
      report(`no result within ${timeoutMs} ms`),
    );
    limit.whenDropped(() => report('the reactor was stopped'));
    maybeDeferred(check).addCallbacks(
      (result) => report(result === false ? 'the check returned false' : undefined),
      ({ value }) => report(messageOf(value)),
    );
    return reported;
  }
}
