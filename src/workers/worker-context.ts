/** What a worker's module is given: its reactor, its place in the group, ports shared with the others, counters. */
import type { FactoryLike } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { Reactor } from '../core/reactor.js';
import type { ListenTCPOptions } from '../core/tcp-options.js';
import type { WorkerKind } from './messages.js';

/** A number that only grows, and that the group adds up over its workers, those that are gone included. */
export interface WorkerCounter {
  /**
   * @param count 0 or more. Default 1.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  add(count?: number): void;
}

/** What the function of a worker's module is given. */
export interface WorkerContext<Data = unknown> {
  /** The worker's own, and running. */
  readonly reactor: Reactor;
  /** Which worker this is, counted from 0. One that is started again has the index of the one before. */
  readonly index: number;
  /** How many the group has. */
  readonly workers: number;
  readonly kind: WorkerKind;
  /** A copy of what `runWorkers` was given. */
  readonly data: Data;
  /** Aborts when the worker is to come to its end: see {@link WorkerStop}. */
  readonly signal: AbortSignal;
  /**
   * As `reactor.listenTCP`, on a port that all workers share (SO_REUSEPORT): the system gives each connection to one of
   * them. The port stops listening when the worker is asked to end.
   *
   * @param port 0: the system chooses for the first worker, and the others take the same. Where a module asks for several,
   * all workers have to ask in the same order, before their function's result is there.
   * @throws CannotListenError also where somebody outside the group shares the port already.
   * @throws UnsupportedError ports can't be shared here, and the group has more than one worker.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  listenTCP(port: number, factory: FactoryLike, options?: WorkerListenOptions): ListeningPort;
  /** The counter of that name: the same one each time. `metrics()` of the group has its sum. */
  counter(name: string): WorkerCounter;
  /**
   * Has a number that rises and falls read whenever the group's figures are asked for. `metrics()` of the group has the sum
   * over the workers that are there. A second gauge of the same name takes the place of the first.
   */
  gauge(name: string, read: () => number): void;
}

export type WorkerListenOptions = Omit<ListenTCPOptions, 'reusePort'>;

/**
 * What a worker's function may give back: called once, when the worker is to come to its end, after its ports stopped
 * listening. The worker waits for what it returns, and then until the connections it accepted are closed.
 */
export type WorkerStop = () => void | PromiseLike<void>;

/** The default export of a worker's module. The worker is ready when what this returns has its result. */
export type WorkerMain<Data = unknown> = (
  worker: WorkerContext<Data>,
) => void | WorkerStop | PromiseLike<void> | PromiseLike<WorkerStop | undefined>;
