/**
 * Hosts, the network between them and the time they live in, all simulated. One queue holds all that is to happen, in
 * the order of virtual time; what happens is determined by the seed.
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

/** A run of more steps is taken for endless. */
export const DEFAULT_MAX_STEPS: number = 1_000_000;

export interface SimulationOptions {
  /** A whole number from 0 to 2^32 - 1: the same seed gives the same run. Default 1. */
  readonly seed?: number;
  /** What the network does to connections. Default: nothing but a millisecond's latency. */
  readonly faults?: SimulationFaults;
  /** How much is written down. Default `data`. */
  readonly trace?: TraceLevel;
  /** How many steps one run may take. Default {@link DEFAULT_MAX_STEPS}. */
  readonly maxSteps?: number;
  /**
   * Is told what application code throws, and other troubles that no call can tell. Default: the run that it happens in
   * fails with it.
   */
  readonly reportError?: ErrorReporter;
  /** How what a protocol writes in one turn becomes pieces. Default: each write is one, before the faults see to it. */
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
  /** What was reported: thrown by application code, as a rule. */
  readonly errors: unknown[] = [];
  /** For the scenario's own decisions: a stream that the network's do not disturb. */
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
  /** Of what was reported: what no run has failed with yet. */
  #untold: unknown[] = [];

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

  /** The connections that are made and of which an end is open, oldest first. */
  get connections(): SimulatedConnection[] {
    return this.#network.connections;
  }

  /** Whether something happens at this very moment, or is on its way through the network; timers that wait don't count. */
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

  /** All that is to happen, the network's affairs included. */
  getDelayedCalls(): DelayedCall[] {
    return this.#clock.getDelayedCalls();
  }

  /**
   * The reactor of a host, which is made when it is first asked for.
   * @param name What other hosts connect to: a name, for which an address of 10.0.0.0/16 is chosen, or an IP address.
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

  /** Cuts two hosts off from each other: what is under way between them waits until they are healed. */
  partition(one: SimulatedReactor, other: SimulatedReactor): void {
    this.#network.partition(one.hostName, other.hostName);
  }

  /** Ends the partition between two hosts, those of one host, or without arguments all. */
  heal(...hosts: readonly SimulatedReactor[]): void {
    this.#network.heal(...hosts.map(({ hostName }) => hostName));
  }

  /** Adds a line of the scenario's own to the trace. */
  note(text: string): void {
    this.trace.add('connections', 'scenario', text);
  }

  /**
   * Runs in virtual time. Between two steps promises are settled and what waits for them runs, so code with `await`
   * works, and is as deterministic as the rest. A run may happen inside another.
   *
   * @param until Default: until nothing is left to happen. `{ ms }`: for so long. A condition: until it holds, looked at
   * after each step. A promise or Deferred: until it settles.
   * @returns What the promise gave. Rejects as it did.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   * @throws SimulationStuckError no events are left, and the condition of the run is not met.
   * @throws SimulationLimitError the run took more than `maxSteps` steps.
   * @throws What application code threw, unless there is a `reportError`.
   */
  async run<T>(until: PromiseLike<T>): Promise<T>;
  async run(until?: { readonly ms: number } | (() => boolean)): Promise<void>;
  async run(until?: Until): Promise<unknown> {
    await this.#driver.run(until);
    return isPromise(until) ? until : undefined;
  }

  /** {@link run} at once, for code that waits for no promise. */
  runSync(until?: { readonly ms: number } | (() => boolean)): void {
    this.#driver.runSync(until);
  }

  /**
   * Goes on to the next moment at which something happens. What follows from it at the same time waits for another step.
   * @returns False where nothing is left to happen.
   * @throws What application code threw, unless there is a `reportError`.
   */
  step(): boolean {
    const stepped = this.#clock.step();
    this.#throwReported();
    return stepped;
  }

  #report(error: unknown, subject: string, where: string): void {
    this.trace.add('connections', subject, `error in ${where}: ${oneLine(error)}`);
    this.errors.push(error);
    if (this.#reportError === undefined) this.#untold.push(error);
    else this.#reportError(error, where);
  }

  #throwReported(): void {
    if (this.#untold.length === 0) return;
    const [error] = this.#untold;
    this.#untold = [];
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

/** A stack would make the trace differ from one machine to the next. */
function oneLine(error: unknown): string {
  return textOf(error).split('\n', 1)[0] ?? '';
}
