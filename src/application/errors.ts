/** The errors of services. */
import { RopewalkError } from '../core/errors/base.js';
import { messageOf } from '../core/text-of.js';

/** The caller's fault: the service has a parent, the name is taken, or the service is no child of this one. */
export class ServiceParentError extends RopewalkError {
  override readonly name = 'ServiceParentError';
  override readonly code = 'ERR_SERVICE_PARENT';
}

/** Several services failed while they were stopped. All were stopped nevertheless. */
export class ServiceStopError extends RopewalkError {
  override readonly name = 'ServiceStopError';
  override readonly code = 'ERR_SERVICE_STOP';
  /** In the order in which they happened. */
  readonly errors: readonly unknown[];

  constructor(errors: readonly unknown[]) {
    super(`${errors.length} errors while stopping: ${errors.map(messageOf).join('; ')}`, {
      cause: errors[0],
    });
    this.errors = errors;
  }
}

/** The service was stopped before it had started. */
export class ServiceStartCancelledError extends RopewalkError {
  override readonly name = 'ServiceStartCancelledError';
  override readonly code = 'ERR_SERVICE_START_CANCELLED';

  constructor(service: string) {
    super(`${service} was stopped before it had started`);
  }
}

/** Collects the errors of steps that are all taken. */
export class CollectedErrors {
  readonly #errors: unknown[] = [];

  readonly add = (error: unknown): void => {
    if (error instanceof ServiceStopError) this.#errors.push(...error.errors);
    else this.#errors.push(error);
  };

  /** @throws the only error, or a ServiceStopError with all of them. */
  throwIfAny(): void {
    if (this.#errors.length > 1) throw new ServiceStopError(this.#errors);
    for (const error of this.#errors) throw error;
  }
}
