/** A part of a program that is started and stopped. */
import type { MaybeAsync } from '../core/maybe-async.js';
import type { Deferred } from '../defer/deferred.js';
import { inlineCallbacks } from '../defer/inline-callbacks.js';
import { maybeDeferred, succeed } from '../defer/succeed.js';
import { Waiters } from '../defer/waiters.js';
import { checkString } from '../internal/check.js';
import { Drain } from './drain.js';
import { CollectedErrors, ServiceStartCancelledError } from './errors.js';
import { parentOf } from './parents.js';
import type { ServiceCollection, ServiceLike } from './service-like.js';

/**
 * `preparing` during `privilegedStartService`, `prepared` after it. A service that could not start is `stopped`.
 */
export type ServiceState =
  | 'stopped'
  | 'preparing'
  | 'prepared'
  | 'starting'
  | 'running'
  | 'stopping';

/**
 * Base of services: override {@link start} and {@link stop}, and {@link drain} if there are connections. They are called one after
 * the other, however often and whenever the public methods are called.
 *
 * @example
 * class Feed extends Service {
 *   protected override async start(): Promise<void> {
 *     this.#socket = await open();
 *   }
 *   protected override stop(): void {
 *     this.#socket.close();
 *   }
 * }
 */
export class Service implements ServiceLike {
  readonly name: string | undefined;
  #state: ServiceState = 'stopped';
  /** The callers that wait for the change in progress. */
  #waiters: Waiters<void> = new Waiters();
  #starting: AbortController | undefined;
  #drained = false;

  /** @throws InvalidArgumentTypeError */
  constructor(name?: string) {
    if (name !== undefined) checkString('name', name);
    this.name = name;
  }

  get state(): ServiceState {
    return this.#state;
  }

  /** True from `startService` to `stopService`. */
  get running(): boolean {
    return this.#state === 'starting' || this.#state === 'running';
  }

  /** The service that it was added to. */
  get parent(): ServiceCollection | undefined {
    return parentOf(this);
  }

  /**
   * The part of the start that may need privileges, such as listening on ports below 1,024. The process drops them afterwards.
   * Does nothing unless the service is stopped.
   */
  privilegedStartService(): Deferred<void> {
    if (this.#state === 'preparing') return this.#changed();
    if (this.#state !== 'stopped') return succeed();
    this.#state = 'preparing';
    return this.#begin(this.#prepare);
  }

  /**
   * Starts the service. During a stop, it is started when that is complete.
   * @returns Fires when it has started. Fails with the error of `start`, or with a ServiceStartCancelledError if the service was
   * stopped first; the service is stopped then.
   */
  startService(): Deferred<void> {
    if (this.#state === 'running') return succeed();
    if (this.#state === 'starting') return this.#changed();
    if (this.#state === 'preparing') return this.#changed().addCallback(() => this.startService());
    if (this.#state === 'stopping') return this.#changed().addBoth(() => this.startService());
    this.#state = 'starting';
    return this.#begin(this.#start);
  }

  /**
   * Stops accepting connections and waits until the open ones have ended, or until the deadline. Does nothing unless the service
   * is running.
   */
  drainService(drain: Drain): Deferred<void> {
    if (this.#state !== 'running' || this.#drained) return succeed();
    this.#drained = true;
    return maybeDeferred(() => this.drain(drain));
  }

  /**
   * Stops the service: drains it, unless that is done, and releases what it has. During a start, that is cancelled or waited for.
   * Nothing of the service is left when the Deferred fires, even if it fails.
   *
   * @param drain The deadline for connections. Default: they are aborted.
   * @returns Fails with the error of `drain` or `stop`; with a ServiceStopError if there are several.
   */
  stopService(drain: Drain = new Drain()): Deferred<void> {
    if (this.#state === 'stopped') return succeed();
    if (this.#state === 'stopping') return this.#changed();
    if (this.#state === 'starting' || this.#state === 'preparing') {
      // Before the abort, which may end the start at once.
      const changed = this.#changed();
      this.#starting?.abort();
      return changed.addBoth(() => this.stopService(drain));
    }
    if (this.#state === 'prepared' && this.privilegedStart === Service.prototype.privilegedStart) {
      this.#state = 'stopped'; // nothing of it was started
      return succeed();
    }
    return this.#begin(() => this.#stop(drain));
  }

  /** See {@link privilegedStartService}. If it fails, nothing may be left. */
  protected privilegedStart(): MaybeAsync {}

  /**
   * Starts the service. If it fails, nothing may be left, not even of `privilegedStart`.
   * @param signal Aborts if the service is stopped meanwhile. A start that succeeds nevertheless is followed by `stop`.
   */
  protected start(_signal: AbortSignal): MaybeAsync {}

  /** Stops accepting connections and work, and waits for those in progress until the deadline; then ends them. */
  protected drain(_drain: Drain): MaybeAsync {}

  /**
   * Stops the service, which was drained before: nothing may be left afterwards. Called for every start that succeeded. A class that
   * overrides `privilegedStart` is also stopped if nothing but that was called.
   */
  protected stop(_drain: Drain): MaybeAsync {}

  toString(): string {
    return `<${nameOf(this)}, ${this.#state}>`;
  }

  /** Fires as the current change does. */
  #changed(): Deferred<void> {
    return this.#waiters.add();
  }

  #begin(step: () => Deferred<void>): Deferred<void> {
    const waiters = new Waiters<void>();
    this.#waiters = waiters;
    const changed = waiters.add();
    step.call(this).addBoth((outcome) => {
      waiters.fireAll((waiter) => waiter.callback(outcome as undefined));
    });
    return changed;
  }

  readonly #prepare: () => Deferred<void> = inlineCallbacks(function* (this: Service) {
    this.#drained = false;
    try {
      yield* maybeDeferred(() => this.privilegedStart());
      this.#state = 'prepared';
    } catch (error) {
      this.#state = 'stopped';
      throw error;
    }
  });

  readonly #start: () => Deferred<void> = inlineCallbacks(function* (this: Service) {
    const starting = new AbortController();
    this.#starting = starting;
    this.#drained = false;
    try {
      yield* maybeDeferred(() => this.start(starting.signal));
    } catch (error) {
      this.#state = 'stopped';
      throw starting.signal.aborted ? new ServiceStartCancelledError(nameOf(this)) : error;
    } finally {
      this.#starting = undefined;
    }
    this.#state = 'running';
    if (!starting.signal.aborted) return;
    yield* this.#stop(new Drain());
    throw new ServiceStartCancelledError(nameOf(this));
  });

  readonly #stop: (drain: Drain) => Deferred<void> = inlineCallbacks(function* (
    this: Service,
    drain: Drain,
  ) {
    const errors = new CollectedErrors();
    const drained = this.#drained;
    this.#drained = true;
    this.#state = 'stopping';
    if (!drained) yield* attempt(errors, () => this.drain(drain));
    yield* attempt(errors, () => this.stop(drain));
    this.#state = 'stopped';
    errors.throwIfAny();
  });
}

/** Takes a step and collects its error. */
export function attempt(errors: CollectedErrors, step: () => unknown): Deferred<unknown> {
  return maybeDeferred(step).addErrback((failure) => errors.add(failure.value));
}

/** The name of a service, or that of its class. */
export function nameOf(service: ServiceLike): string {
  return service.name ?? service.constructor.name;
}
