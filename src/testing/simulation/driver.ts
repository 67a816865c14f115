/** Drives a simulation step by step in virtual time until a goal is met, and reports a goal that can't be met. */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { checkMilliseconds } from '../../internal/check.js';
import type { ManualClock } from '../manual-clock.js';
import { SimulationLimitError, SimulationStuckError } from './errors.js';

/** How far a simulation is run: for so long, until a condition holds, or until a promise or Deferred has settled. */
export type Until<T = unknown> = { readonly ms: number } | (() => boolean) | PromiseLike<T>;

export interface DriverOptions {
  readonly clock: ManualClock;
  readonly maxSteps: number;
  /** Throws the errors reported since the last call. */
  throwReported(): void;
  /** The event that each part waits for, a line each. */
  describe(): string[];
}

/** The end of a run. */
interface Goal {
  /** Whether it is an error if no events are left before it is met. */
  readonly required: boolean;
  readonly endTime: number;
  met(): boolean;
  steps: number;
  /** No events were left. */
  quiet: boolean;
}

/** Node's own, even if a test replaces it. */
const immediately = globalThis.setImmediate;

export class Driver {
  readonly #options: DriverOptions;
  /** The current runs. The last one drives, no further than to the end of any; the others only check their goals. */
  readonly #goals: Goal[] = [];

  constructor(options: DriverOptions) {
    this.#options = options;
  }

  /** Between two steps, all pending ticks and microtasks run. */
  async run(until: Until | undefined): Promise<void> {
    const goal = this.#goal(until);
    this.#goals.push(goal);
    try {
      await loopPass();
      while (!goal.quiet && !goal.met()) {
        if (this.#goals.at(-1) === goal) this.#step(goal, this.#goals);
        await loopPass();
      }
    } finally {
      this.#goals.splice(this.#goals.indexOf(goal), 1);
    }
    this.#options.throwReported();
  }

  /** The same for code that doesn't await. */
  runSync(until: { readonly ms: number } | (() => boolean) | undefined): void {
    const goal = this.#goal(until);
    while (!goal.quiet && !goal.met()) this.#step(goal, [goal]);
    this.#options.throwReported();
  }

  #step(driving: Goal, goals: readonly Goal[]): void {
    const { clock, maxSteps, throwReported } = this.#options;
    throwReported();
    const end = Math.min(...goals.map(({ endTime }) => endTime));
    const next = clock.nextTime;
    if (next !== undefined && next <= end) {
      if (driving.steps === maxSteps) throw this.#endless();
      driving.steps += 1;
      clock.step();
    } else if (end !== Number.POSITIVE_INFINITY) {
      clock.advance(end - clock.now());
    } else {
      const content = goals.filter(({ required }) => !required);
      if (content.length === 0) throw this.#stuck();
      for (const goal of content) goal.quiet = true;
    }
  }

  #goal(until: Until | undefined): Goal {
    const goal = { required: true, endTime: Number.POSITIVE_INFINITY, steps: 0, quiet: false };
    if (until === undefined) return { ...goal, required: false, met: () => false };
    if (typeof until === 'function') return { ...goal, met: until };
    if (typeof until !== 'object' || until === null) throw notAGoal(until);
    if ('ms' in until) {
      const { clock } = this.#options;
      const endTime = clock.now() + checkMilliseconds('until.ms', until.ms);
      const next = (): number => clock.nextTime ?? Number.POSITIVE_INFINITY;
      return { ...goal, endTime, met: () => clock.now() >= endTime && next() > endTime };
    }
    if (typeof until.then !== 'function') throw notAGoal(until);
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    until.then(settle, settle);
    return { ...goal, met: () => settled };
  }

  #stuck(): SimulationStuckError {
    const lines = [
      `no events are left after ${this.#time}, and the goal of this run was not reached`,
      ...this.#options.describe(),
      'Real timers, files and sockets are not simulated, and a run does not wait for them.',
    ];
    return new SimulationStuckError(lines.join('\n  '));
  }

  #endless(): SimulationLimitError {
    const { maxSteps } = this.#options;
    const lines = [
      `the simulation has taken ${maxSteps} steps by ${this.#time} (maxSteps): it seems endless`,
      ...this.#options.describe(),
    ];
    return new SimulationLimitError(lines.join('\n  '), maxSteps, 'maxSteps');
  }

  get #time(): string {
    return `${this.#options.clock.now().toFixed(3)} ms`;
  }
}

function notAGoal(until: unknown): InvalidArgumentTypeError {
  return new InvalidArgumentTypeError('until', '{ ms }, a function or a promise', until);
}

function loopPass(): Promise<void> {
  return new Promise((resolve) => void immediately(resolve));
}
