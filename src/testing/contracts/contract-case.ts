/**
 * What a contract is made of: named cases that any test runner can run, each of which makes what it needs, checks it
 * with node:assert and puts it away.
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
  /** Settles when the rule was seen to hold; rejects with an `AssertionError` where it does not. Can be run again. */
  run(): Promise<void>;
}

/** How a case waits on what it is run over: in real time, or by moving a virtual one on. */
export interface ContractStage {
  /**
   * Settles once `condition` holds. It changes by callbacks only: looking at it after each of them, or after each turn,
   * is enough.
   * @param what What is waited for. Reject, after a deadline or when nothing is left to happen, with an error that names it.
   */
  until(condition: () => boolean, what: string): Promise<void>;
  /**
   * Settles when nothing more will happen by itself; where that can't be known, after long enough for what should not
   * happen to have happened. Delayed calls of a minute or more need not be waited for.
   */
  settle(): Promise<void>;
  /** Puts away everything that was made. Called once, after the case, whether it failed or not. */
  dispose(): Promise<void>;
}
