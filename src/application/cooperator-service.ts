/** A Cooperator as a service. */
import type { Deferred } from '../defer/deferred.js';
import type { CooperativeTask } from '../task/cooperative-task.js';
import { Cooperator, type CooperatorOptions, type Work } from '../task/cooperator.js';
import { Service } from './service.js';

/** Its tasks get turns while it is running. A stop ends them with a SchedulerStoppedError. */
export class CooperatorService extends Service {
  readonly #cooperator: Cooperator;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: CooperatorOptions) {
    super();
    this.#cooperator = new Cooperator({ ...options, started: false });
  }

  /** {@link Cooperator.cooperate} */
  cooperate<R>(work: Work<R>): CooperativeTask<R> {
    return this.#cooperator.cooperate(work);
  }

  /** {@link Cooperator.coiterate} */
  coiterate<R>(work: Work<R>): Deferred<R> {
    return this.#cooperator.coiterate(work);
  }

  protected override start(): void {
    this.#cooperator.start();
  }

  protected override stop(): void {
    this.#cooperator.stop();
  }
}
