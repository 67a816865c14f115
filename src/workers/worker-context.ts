/** The argument of a worker's module: its reactor, its place in the group, shared ports, counters. */
import type { FactoryLike } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { Reactor } from '../core/reactor.js';
import type { ListenTCPOptions } from '../core/tcp-options.js';
import type { WorkerKind } from './messages.js';

/** A number that only grows. The group sums it over its workers, including those that have ended. */
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
  /** The index of this worker, from 0. A restarted worker has the index of its predecessor. */
  readonly index: number;
  /** The number of workers in the group. */
  readonly workers: number;
  readonly kind: WorkerKind;
  /** A copy of the `data` passed to `runWorkers`. */
  readonly data: Data;
  /** Aborts when the worker should end: see {@link WorkerStop}. */
  readonly signal: AbortSignal;
  /**
   * Like `reactor.listenTCP`, on a port that all workers share (SO_REUSEPORT): the system assigns each connection to one of
   * them. The port stops listening when the worker is asked to end.
   *
   * @param port 0: the system chooses for the first worker, and the others use the same port. A module that asks for several
   * ports must ask in the same order in all workers, before the result of its function is available.
   * @throws CannotListenError also if a program outside the group shares the port.
   * @throws UnsupportedError ports cannot be shared here, and the group has more than one worker.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  listenTCP(port: number, factory: FactoryLike, options?: WorkerListenOptions): ListeningPort;
  /** Returns the counter with this name, the same one each time. `metrics()` of the group has its sum. */
  counter(name: string): WorkerCounter;
  /**
   * Registers a number that rises and falls, which is read whenever the group's metrics are requested. `metrics()` of the
   * group has the sum over the present workers. A second gauge with the same name replaces the first.
   */
  gauge(name: string, read: () => number): void;
}

export type WorkerListenOptions = Omit<ListenTCPOptions, 'reusePort'>;

/**
 * The stop function that a worker's function may return: called once, when the worker should end, after its ports have
 * stopped listening. The worker waits for its result, and then until the connections it accepted are closed.
 */
export type WorkerStop = () => void | PromiseLike<void>;

/** The default export of a worker's module. The worker is ready when the result of this function is available. */
export type WorkerMain<Data = unknown> = (
  worker: WorkerContext<Data>,
) => void | WorkerStop | PromiseLike<void> | PromiseLike<WorkerStop | undefined>;
