/** Services that record what happens to them. */
import type { Drain } from '../../src/application/drain.js';
import { Service } from '../../src/application/service.js';
import { Deferred } from '../../src/defer/deferred.js';
import type { Failure } from '../../src/defer/failure.js';

export class Recorded extends Service {
  readonly #log: string[];
  /** Steps that fail. */
  readonly failing: Set<string> = new Set();
  /** Steps that wait until they are fired. */
  readonly waiting: Map<string, Deferred<void>> = new Map();

  constructor(name: string, log: string[]) {
    super(name);
    this.#log = log;
  }

  /** Makes a step wait. */
  hold(step: string): Deferred<void> {
    const deferred = new Deferred<void>();
    this.waiting.set(step, deferred);
    return deferred;
  }

  protected override privilegedStart(): Deferred<void> | undefined {
    return this.#step('privileged');
  }

  protected override start(): Deferred<void> | undefined {
    return this.#step('start');
  }

  protected override drain(_drain: Drain): Deferred<void> | undefined {
    return this.#step('drain');
  }

  protected override stop(): Deferred<void> | undefined {
    return this.#step('stop');
  }

  #step(step: string): Deferred<void> | undefined {
    this.#log.push(`${step} ${this.name}`);
    if (this.failing.has(step)) throw new Error(`${step} of ${this.name} failed`);
    return this.waiting.get(step);
  }
}

/** The children `a`, `b` and `c`, and their log. */
export function three(): { log: string[]; children: [Recorded, Recorded, Recorded] } {
  const log: string[] = [];
  const [a, b, c] = [new Recorded('a', log), new Recorded('b', log), new Recorded('c', log)];
  return { log, children: [a, b, c] };
}

/** For `addErrback`: the error is the result. */
export function errorOf({ value }: Failure): unknown {
  return value;
}
