/** The options of transactions, and of functions that have a connection to themselves. */
import { checkAbortSignal, checkBoolean, checkChoice } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { DatabaseDriver, TransactionOptions } from './database-driver.js';
import type { TransactionStatements } from './transaction.js';

export interface InteractionOptions extends TransactionOptions {
  /** Cancels the call, like `cancel` of the Deferred. */
  readonly signal?: AbortSignal;
}

export interface WithConnectionOptions {
  /** Cancels the call, like `cancel` of the Deferred. */
  readonly signal?: AbortSignal;
}

const ISOLATIONS = ['read committed', 'repeatable read', 'serializable'] as const;
const TRANSACTION_OPTIONS: OptionNames<TransactionOptions> = { isolation: true, readOnly: true };
const INTERACTION_OPTIONS: OptionNames<InteractionOptions> = {
  ...TRANSACTION_OPTIONS,
  signal: true,
};
const WITH_CONNECTION_OPTIONS: OptionNames<WithConnectionOptions> = { signal: true };

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function checkTransactionOptions(options: TransactionOptions): void {
  checkOptions('a transaction', options, TRANSACTION_OPTIONS);
  checkTransaction(options);
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function checkInteractionOptions(options: InteractionOptions): void {
  checkOptions('runInteraction', options, INTERACTION_OPTIONS);
  checkTransaction(options);
  if (options.signal !== undefined) checkAbortSignal('signal', options.signal);
}

/** @throws InvalidArgumentTypeError, UnknownOptionError */
export function checkWithConnectionOptions(options: WithConnectionOptions): void {
  checkOptions('runWithConnection', options, WITH_CONNECTION_OPTIONS);
  if (options.signal !== undefined) checkAbortSignal('signal', options.signal);
}

/** The statements that begin and end a transaction. @throws InvalidArgumentValueError */
export function transactionStatements(
  driver: DatabaseDriver,
  options: TransactionOptions,
): TransactionStatements {
  return { begin: driver.beginStatement(options), commit: 'COMMIT', rollback: 'ROLLBACK' };
}

function checkTransaction({ isolation, readOnly }: TransactionOptions): void {
  if (isolation !== undefined) checkChoice('isolation', isolation, ISOLATIONS);
  if (readOnly !== undefined) checkBoolean('readOnly', readOnly);
}
