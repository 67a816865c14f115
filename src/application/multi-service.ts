/** A service made of others. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import type { Deferred } from '../defer/deferred.js';
import { deferredList } from '../defer/deferred-list.js';
import { inlineCallbacks } from '../defer/inline-callbacks.js';
import { maybeDeferred, succeed } from '../defer/succeed.js';
import { checkString } from '../internal/check.js';
import { Drain } from './drain.js';
import { CollectedErrors, ServiceParentError } from './errors.js';
import { parentOf, setParent } from './parents.js';
import { attempt, nameOf, Service } from './service.js';
import type { ServiceCollection, ServiceLike } from './service-like.js';

/**
 * Starts its children in the order in which they were added, each when the previous one has started. If one fails, those that have
 * started are stopped in reverse order, and the start fails with that error.
 *
 * A stop first drains all children at the same time, and then stops them in reverse order, each when the previous one has
 * stopped. All are stopped even if some fail: the stop then fails with that error, or a ServiceStopError if there are several.
 */
export class MultiService extends Service implements ServiceCollection {
  readonly #children: Set<ServiceLike> = new Set();
  /** Those that were started, or are being started. */
  readonly #started: Set<ServiceLike> = new Set();

  /** The number of children. */
  get size(): number {
    return this.#children.size;
  }

  [Symbol.iterator](): Iterator<ServiceLike> {
    return this.#children.values();
  }

  /**
   * Adds a child. If this service is running, the child is started.
   * @returns Fires when the child has started. If that fails, it is removed again, and the Deferred fails.
   * @throws ServiceParentError the child has a parent, is an ancestor, or another child has its name.
   * @throws InvalidArgumentTypeError
   */
  addService(service: ServiceLike): Deferred<void> {
    this.#checkAddition(service);
    this.#children.add(service);
    setParent(service, this);
    if (this.state !== 'running') return succeed();
    return this.#startChild(service).addErrback((failure) => {
      this.#forget(service);
      throw failure.value;
    });
  }

  /**
   * Removes a child, and stops it if it was started.
   * @throws ServiceParentError it is no child of this service.
   */
  removeService(service: ServiceLike, drain: Drain = new Drain()): Deferred<void> {
    if (!this.#children.has(service)) {
      throw new ServiceParentError(`${nameOf(service)} is no child of ${nameOf(this)}`);
    }
    this.#children.delete(service);
    setParent(service, undefined);
    if (!this.#started.delete(service)) return succeed();
    return maybeDeferred(() => service.stopService(drain)).addCallback(() => {});
  }

  /** @throws ServiceParentError no child has the name. */
  getServiceNamed(name: string): ServiceLike {
    checkString('name', name);
    for (const child of this.#children) if (child.name === name) return child;
    throw new ServiceParentError(`${nameOf(this)} has no child named '${name}'`);
  }

  /** Calls `reloadService` of the children in order. Fails with the errors, after all were called. */
  readonly reloadService: () => Deferred<void> = inlineCallbacks(function* (this: MultiService) {
    const errors = new CollectedErrors();
    for (const child of [...this.#children]) yield* attempt(errors, () => child.reloadService?.());
    errors.throwIfAny();
  });

  protected override privilegedStart(): Deferred<void> {
    return this.#privilegedStart();
  }

  protected override start(signal: AbortSignal): Deferred<void> {
    return this.#start(signal);
  }

  protected override drain(drain: Drain): Deferred<void> {
    const errors = new CollectedErrors();
    const children = [...this.#started].reverse();
    const drained = children.map((child) => attempt(errors, () => child.drainService?.(drain)));
    return deferredList(drained).addCallback(() => errors.throwIfAny());
  }

  protected override stop(drain: Drain): Deferred<void> {
    return this.#stop(drain);
  }

  readonly #privilegedStart: () => Deferred<void> = inlineCallbacks(function* (this: MultiService) {
    for (const child of this.#children) {
      if (child.privilegedStartService === undefined) continue;
      yield* this.#step(child, () => child.privilegedStartService?.());
    }
  });

  readonly #start: (signal: AbortSignal) => Deferred<void> = inlineCallbacks(function* (
    this: MultiService,
    signal: AbortSignal,
  ) {
    // Children that are added meanwhile are started too.
    for (const child of this.#children) {
      const stop = (): void => void maybeDeferred(() => child.stopService()).addErrback(ignore);
      signal.addEventListener('abort', stop);
      try {
        yield* this.#step(child, () => {
          signal.throwIfAborted();
          return child.startService();
        });
      } finally {
        signal.removeEventListener('abort', stop);
      }
    }
  });

  /** Takes a step of the start. If it fails, the children before this one are stopped. */
  readonly #step: (child: ServiceLike, step: () => unknown) => Deferred<void> = inlineCallbacks(
    function* (this: MultiService, child: ServiceLike, step: () => unknown) {
      this.#started.add(child);
      try {
        yield* maybeDeferred(step);
      } catch (error) {
        // One that was removed meanwhile was stopped by that.
        if (!this.#children.has(child)) return;
        this.#started.delete(child);
        yield* this.#stop(new Drain()).addErrback(ignore);
        throw error;
      }
    },
  );

  readonly #stop: (drain: Drain) => Deferred<void> = inlineCallbacks(function* (
    this: MultiService,
    drain: Drain,
  ) {
    const errors = new CollectedErrors();
    for (;;) {
      const last = [...this.#started].at(-1);
      if (last === undefined) break;
      this.#started.delete(last);
      yield* attempt(errors, () => last.stopService(drain));
    }
    errors.throwIfAny();
  });

  #startChild(service: ServiceLike): Deferred<void> {
    this.#started.add(service);
    return maybeDeferred(() => service.privilegedStartService?.())
      .addCallback(() => service.startService())
      .addCallback(() => {});
  }

  #forget(service: ServiceLike): void {
    this.#started.delete(service);
    if (this.#children.delete(service)) setParent(service, undefined);
  }

  #checkAddition(service: ServiceLike): void {
    const { startService, stopService } = (service ?? {}) as Partial<ServiceLike>;
    if (typeof startService !== 'function' || typeof stopService !== 'function') {
      throw new InvalidArgumentTypeError(
        'service',
        'an object with startService and stopService (serviceOf makes one)',
        service,
      );
    }
    const { name } = service;
    if (parentOf(service) !== undefined) {
      throw new ServiceParentError(`${nameOf(service)} has a parent; remove it there first`);
    }
    for (let above: unknown = this; above !== undefined; above = parentOf(above as ServiceLike)) {
      if (above === service) throw new ServiceParentError(`${nameOf(service)} would be in itself`);
    }
    if (name === undefined) return;
    for (const child of this.#children) {
      if (child.name !== name) continue;
      throw new ServiceParentError(`${nameOf(this)} has a child named '${name}' already`);
    }
  }
}

function ignore(): void {}
