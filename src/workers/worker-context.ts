/** The context of a worker's module: its reactor, its place in the group, ports shared with the others, counters. */
import type { FactoryLike } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { Reactor } from '../core/reactor.js';
import type { ListenTCPOptions } from '../core/tcp-options.js';
import type { WorkerKind } from './messages.js';

/** A number that only grows, and that the group sums over all its workers, including those that are gone. */
export interface WorkerCounter {
  /**
   * @param count 0 or more. Default 1.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  add(count?: number): void;
}

/** The argument of the function of a worker's module. */
export interface WorkerContext<Data = unknown> {
  /** The worker's own reactor, which is running. */
  readonly reactor: Reactor;
  /** The index of this worker, from 0. A restarted worker keeps the index. */
  readonly index: number;
  /** The number of workers in the group. */
  readonly workers: number;
  readonly kind: WorkerKind;
  /** A copy of the `data` of `runWorkers`. */
  readonly data: Data;
  /** Aborts when the worker is asked to end: see {@link WorkerStop}. */
  readonly signal: AbortSignal;
  /**
   * Like `reactor.listenTCP`, on a port that all workers share (SO_REUSEPORT): the system gives each connection to one of
   * them. The port stops listening when the worker is asked to end.
   *
   * @param port 0: the system chooses for the first worker, and the others use the same port. If a module requests several,
   * all workers must request them in the same order, before their function's result is available.
   * @throws CannotListenError also if a process outside the group already shares the port.
   * @throws UnsupportedError ports cannot be shared on this system, and the group has more than one worker.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  listenTCP(port: number, factory: FactoryLike, options?: WorkerListenOptions): ListeningPort;
  /** The counter of that name: the same one each time. `metrics()` of the group returns its sum. */
  counter(name: string): WorkerCounter;
  /**
   * Registers a value that rises and falls: `read` is called whenever the group's figures are requested. `metrics()` of the group
   * returns the sum over the current workers. A second gauge of the same name replaces the first.
   */
  gauge(name: string, read: () => number): void;
}

export type WorkerListenOptions = Omit<ListenTCPOptions, 'reusePort'>;

/**
 * The optional stop function returned by a worker's function: called once, when the worker is asked to end, after its ports
 * stopped listening. The worker waits for its result, and then until the connections it accepted are closed.
 */
export type WorkerStop = () => void | PromiseLike<void>;

/** The default export of a worker's module. The worker is ready when its result is available. */
export type WorkerMain<Data = unknown> = (
  worker: WorkerContext<Data>,
) => void | WorkerStop | PromiseLike<void> | PromiseLike<WorkerStop | undefined>;
