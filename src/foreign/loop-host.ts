/** What makes a foreign loop run: Node's loop by the addon, or the facets of any reactor. */
import type { Clock } from '../core/clock.js';
import type { ReactorDescriptors } from '../core/reactor-descriptors.js';
import type { ReactorIntrospection } from '../core/reactor-introspection.js';
import { systemError } from '../internal/system-error.js';
import type { NativeForeignHost, Unwatched } from '../native.js';
import { ForeignDescriptorError } from './errors.js';

/** The reactor of a foreign loop: see `Reactor`. */
export type ForeignReactor = Clock &
  Pick<ReactorDescriptors, 'addReader' | 'addWriter' | 'removeReader' | 'removeWriter'> &
  Pick<ReactorIntrospection, 'poller'>;

/** Counters since the loop was attached. */
export interface ForeignStatistics {
  /** How often the loop was asked what it waits for. */
  readonly prepared: number;
  /** How often something was ready, or may have been. */
  readonly wakeUps: number;
  readonly dispatches: number;
  /** Wake-ups after which nothing was ready. */
  readonly spuriousWakeUps: number;
  readonly longestDispatchMs: number;
  /** The descriptors watched now. */
  readonly descriptors: number;
}

export interface LoopHost {
  detach(): void;
  keepAlive(wanted: boolean): void;
  /** Has the loop prepared again soon. */
  changed(): void;
  statistics(): ForeignStatistics;
}

/** The owner of a host. */
export interface HostOwner {
  /** Runs after each dispatch. */
  dispatched(error: unknown): void;
  /** Something went wrong that does not end the attachment. */
  report(error: Error, where: string): void;
  /** The loop itself has failed, and must be detached. */
  failed(error: unknown, where: string): void;
}

/** A foreign loop that the addon implements. */
export interface NativelyHosted {
  readonly name: string;
  /** @internal It sleeps in place of Node's loop. */
  readonly sleepsItself?: true;
  /** @internal */
  hostNatively(
    settings: Int32Array,
    dispatched: (error: unknown) => void,
    unwatched: Unwatched,
  ): NativeForeignHost;
}

/** Reports what the addon cannot watch. */
export function unwatchedReporter(loop: string, owner: HostOwner): Unwatched {
  return (errno, call, descriptor) => {
    const error =
      descriptor < 0 ? systemError(call, errno) : new ForeignDescriptorError(loop, descriptor);
    owner.report(error, `watching the descriptors of the foreign loop ${loop}`);
  };
}

/** The functions of the addon's host, as a {@link LoopHost}. */
export class AddonHost implements LoopHost {
  readonly #host: NativeForeignHost;
  readonly #totals = new Float64Array(6);

  constructor(host: NativeForeignHost) {
    this.#host = host;
  }

  detach(): void {
    this.#host.detach();
  }

  keepAlive(wanted: boolean): void {
    this.#host.keepAlive(wanted);
  }

  /** It is prepared before each sleep in any case. */
  changed(): void {}

  statistics(): ForeignStatistics {
    const totals = this.#totals;
    this.#host.totals(totals);
    const [prepared = 0, wakeUps = 0, dispatches = 0, spurious = 0, longest = 0, size = 0] = totals;
    return {
      prepared,
      wakeUps,
      dispatches,
      spuriousWakeUps: spurious,
      longestDispatchMs: longest,
      descriptors: size,
    };
  }
}
