/**
 * The parts of a contract: named cases that any test runner can run. Each makes what it needs, checks it
 * with node:assert and disposes of it.
 */

/**
 * One rule of a contract.
 *
 * @example
 * for (const { name, run } of clockContract(makeClock)) it(name, run);
 */
export interface ContractCase {
  /** Continues "it ...", unique in its contract. */
  readonly name: string;
  /** Settles if the rule holds; rejects with an `AssertionError` if it does not. Can be run again. */
  run(): Promise<void>;
}

/** How a case waits: in real time, or by advancing a virtual one. */
export interface ContractStage {
  /**
   * Settles once `condition` holds. It changes in callbacks only, so checking it after each of them, or after each turn,
   * is enough.
   * @param what The subject of the wait. Reject, after a deadline or when no events are left, with an error that names it.
   */
  until(condition: () => boolean, what: string): Promise<void>;
  /**
   * Settles when nothing more will happen by itself; if that can't be known, after long enough for unwanted
   * events to have happened. Delayed calls of a minute or more need not be waited for.
   */
  settle(): Promise<void>;
  /** Disposes of everything that was made. Called once, after the case, whether it failed or not. */
  dispose(): Promise<void>;
}
