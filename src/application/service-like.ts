/** The interfaces of services. */
import type { Deferred } from '../defer/deferred.js';
import type { Drain } from './drain.js';

/**
 * Any object that can be started and stopped; {@link Service} is the usual base, and a {@link ClientService} is one too. Results
 * that are promises or Deferreds are waited for.
 */
export interface ServiceLike {
  readonly name?: string | undefined;
  /** The part of the start that may need privileges. */
  privilegedStartService?(): unknown;
  startService(): unknown;
  /** Stops accepting connections and work, and waits until those in progress have ended, or until the deadline. */
  drainService?(drain: Drain): unknown;
  stopService(drain?: Drain): unknown;
  /** Reads its configuration again, opens log files again, and the like: SIGHUP. */
  reloadService?(): unknown;
}

/** A service with children. */
export interface ServiceCollection extends Iterable<ServiceLike> {
  readonly name?: string | undefined;
  readonly running: boolean;
  addService(service: ServiceLike): Deferred<void>;
  removeService(service: ServiceLike, drain?: Drain): Deferred<void>;
  getServiceNamed(name: string): ServiceLike;
}
