/**
 * Hosts, the network between them and their time, all simulated. One queue holds all future events in
 * the order of virtual time; the seed determines what happens.
 */

import type { Clock, DelayedCall } from '../../core/clock.js';
import type { ErrorReporter } from '../../core/error-reporter.js';
import { textOf } from '../../core/text-of.js';
import { checkChoice, checkFunction, checkInteger, checkString } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { ManualClock } from '../manual-clock.js';
import type { PumpPolicy } from '../pump-policy.js';
import type { SimulatedConnection } from './connection.js';
import { Driver, type Until } from './driver.js';
import { type FaultSettings, faultSettings, type SimulationFaults } from './faults.js';
import { Network } from './network.js';
import { SeededRandom } from './random.js';
import { SimulatedReactor } from './simulated-reactor.js';
import { TRACE_LEVELS, Trace, type TraceLevel } from './trace.js';

/** A run of more steps is considered endless. */
const DEFAULT_MAX_STEPS: number = 1_000_000;

export interface SimulationOptions {
  /** A whole number from 0 to 2^32 - 1: the same seed gives the same run. Default 1. */
  readonly seed?: number;
  /** The faults of the network. Default: none, and a millisecond's latency. */
  readonly faults?: SimulationFaults;
  /** The detail of the trace. Default `data`. */
  readonly trace?: TraceLevel;
  /** How many steps one run may take. Default {@link DEFAULT_MAX_STEPS}. */
  readonly maxSteps?: number;
  /**
   * Receives exceptions of application code, and other errors that no call can throw. Default: the run in which they happen
   * fails with them.
   */
  readonly reportError?: ErrorReporter;
  /** How the writes of one turn become pieces. Default: each write is one piece, before the faults apply. */
  readonly pumpPolicy?: PumpPolicy;
}

/** @internal */
export const SIMULATION_OPTIONS: OptionNames<SimulationOptions> = {
  seed: true,
  faults: true,
  trace: true,
  maxSteps: true,
  reportError: true,
  pumpPolicy: true,
};

/**
 * A network of hosts in virtual time.
 *
 * @example
 * const simulation = new Simulation({ seed: 7, faults: CHOPPY });
 * simulation.host('server').listenTCP(7, Echo);
 * const client = new AccumulatingProtocol();
 * simulation.host('client').connectTCP('server', 7, () => client);
 * await simulation.run(client.onConnectionMade);
 */
export class Simulation implements Clock {
  readonly seed: number;
  readonly trace: Trace;
  /** Reported errors, usually thrown by application code. */
  readonly errors: unknown[] = [];
  /** For the scenario's own decisions: a stream that is independent of the network's. */
  readonly random: SeededRandom;
  readonly #faults: FaultSettings;
  readonly #clock: ManualClock = new ManualClock((error, where) =>
    this.#report(error, 'simulation', where),
  );
  readonly #network: Network;
  readonly #reactors = new Map<string, SimulatedReactor>();
  readonly #driver: Driver;
  readonly #reportError: ErrorReporter | undefined;
  readonly #pumpPolicy: PumpPolicy | undefined;
  /** Reported errors with which no run has failed yet. */
  #unthrown: unknown[] = [];

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options: SimulationOptions = {}) {
    checkOptions('Simulation', options, SIMULATION_OPTIONS);
    this.seed = checkInteger('seed', options.seed ?? 1, 0, 2 ** 32 - 1);
    const level = checkChoice('trace', options.trace ?? 'data', TRACE_LEVELS);
    const maxSteps = options.maxSteps ?? DEFAULT_MAX_STEPS;
    checkInteger('maxSteps', maxSteps, 1, Number.MAX_SAFE_INTEGER);
    if (options.reportError !== undefined) checkFunction('reportError', options.reportError);
    this.#reportError = options.reportError;
    if (options.pumpPolicy !== undefined) checkFunction('pumpPolicy', options.pumpPolicy);
    this.#pumpPolicy = options.pumpPolicy;
    this.#faults = faultSettings(options.faults === undefined ? {} : options.faults);
    const random = new SeededRandom(this.seed);
    this.random = random.fork('scenario');
    this.trace = new Trace(level, () => this.now());
    this.#network = new Network({
      clock: this.#clock,
      trace: this.trace,
      faults: this.#faults,
      random: random.fork('network'),
    });
    this.#driver = new Driver({
      clock: this.#clock,
      maxSteps,
      throwReported: () => this.#throwReported(),
      describe: () => this.#describe(),
    });
  }

  /** The connections that are made and have at least one open end, oldest first. */
  get connections(): SimulatedConnection[] {
    return this.#network.connections;
  }

  /** Whether an event is due now, or is on its way through the network; waiting timers don't count. */
  get busy(): boolean {
    return this.#network.busy || (this.#clock.nextTime ?? Number.POSITIVE_INFINITY) <= this.now();
  }

  /** Virtual time in milliseconds, from 0. */
  now(): number {
    return this.#clock.now();
  }

  callLater<Args extends unknown[]>(
    delayMs: number,
    callback: (...args: Args) => void,
    ...args: Args
  ): DelayedCall {
    return this.#clock.callLater(delayMs, callback, ...args);
  }

  /** All future events, including those of the network. */
  getDelayedCalls(): DelayedCall[] {
    return this.#clock.getDelayedCalls();
  }

  /**
   * The reactor of a host, which is made on the first call.
   * @param name The name that other hosts connect to: a name, for which an address of 10.0.0.0/16 is chosen, or an IP address.
   */
  host(name: string): SimulatedReactor {
    const known = this.#reactors.get(checkString('name', name));
    if (known !== undefined) return known;
    const reactor = new SimulatedReactor({
      clock: this.#clock,
      network: this.#network,
      host: this.#network.addHost(name),
      pumpPolicy: this.#pumpPolicy,
      reportError: (error, where) => this.#report(error, name, where),
    });
    this.#reactors.set(name, reactor);
    return reactor;
  }

  /** Cuts two hosts off from each other: data in transit between them waits until they are healed. */
  partition(one: SimulatedReactor, other: SimulatedReactor): void {
    this.#network.partition(one.hostName, other.hostName);
  }

  /** Ends the partition between two hosts, those of one host, or, without arguments, all. */
  heal(...hosts: readonly SimulatedReactor[]): void {
    this.#network.heal(...hosts.map(({ hostName }) => hostName));
  }

  /** Adds a line of the scenario's own to the trace. */
  note(text: string): void {
    this.trace.add('connections', 'scenario', text);
  }

  /**
   * Runs in virtual time. Between two steps, promises are settled and the code that awaits them runs, so code with `await`
   * works, and is as deterministic as the rest. A run may happen inside another.
   *
   * @param until Default: until no events are left. `{ ms }`: for that long. A condition: until it holds, checked
   * after each step. A promise or Deferred: until it settles.
   * @returns The value of the promise. Rejects if it rejects.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   * @throws SimulationStuckError no events are left, and the condition does not hold or the promise has not settled.
   * @throws SimulationLimitError the run took more than `maxSteps` steps.
   * @throws The error of application code, unless there is a `reportError`.
   */
  async run<T>(until: PromiseLike<T>): Promise<T>;
  async run(until?: { readonly ms: number } | (() => boolean)): Promise<void>;
  async run(until?: Until): Promise<unknown> {
    await this.#driver.run(until);
    return isPromise(until) ? until : undefined;
  }

  /** {@link run} at once, for code that doesn't await. */
  runSync(until?: { readonly ms: number } | (() => boolean)): void {
    this.#driver.runSync(until);
  }

  /**
   * Advances to the next moment at which something happens. Events that follow at the same time wait for another step.
   * @returns False if no events are left.
   * @throws The error of application code, unless there is a `reportError`.
   */
  step(): boolean {
    const stepped = this.#clock.step();
    this.#throwReported();
    return stepped;
  }

  #report(error: unknown, subject: string, where: string): void {
    this.trace.add('connections', subject, `error in ${where}: ${oneLine(error)}`);
    this.errors.push(error);
    if (this.#reportError === undefined) this.#unthrown.push(error);
    else this.#reportError(error, where);
  }

  #throwReported(): void {
    if (this.#unthrown.length === 0) return;
    const [error] = this.#unthrown;
    this.#unthrown = [];
    throw error;
  }

  #describe(): string[] {
    const reactors = [...this.#reactors.values()].map((reactor) => reactor.describe());
    return [...this.#network.describe(), ...reactors];
  }
}

function isPromise(value: Until | undefined): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | undefined)?.then === 'function';
}

/** A stack would make the trace differ between machines. */
function oneLine(error: unknown): string {
  return textOf(error).split('\n', 1)[0] ?? '';
}
