/** Options of an attachment, checked. */
import { checkBoolean, checkFunction, checkInteger, checkNumber } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';

export interface AttachOptions {
  /**
   * Dispatches of the foreign loop in one turn end after so many milliseconds, and Node's loop and the sockets get their turn. A
   * dispatch that has begun is not interrupted. From 0, which means one dispatch, to 1,000; default 5.
   */
  readonly dispatchBudgetMs?: number;
  /** The most dispatches of the foreign loop in one turn. From 1 to 1,000; default 8. */
  readonly dispatchesPerTurn?: number;
  /** Whether the attached loop keeps the process alive, as an open socket does. Simulated reactors never do. Default true. */
  readonly keepAlive?: boolean;
  /**
   * Called after each dispatch, before promises' reactions. Exceptions out of it are reported.
   *
   * For bindings that keep an exception out of a callback until they are called next: pass a call without effect, such as
   * `() => koffi.sizeof('int')`.
   */
  readonly afterDispatch?: () => void;
}

export interface AttachSettings {
  readonly dispatchBudgetMs: number;
  readonly dispatchesPerTurn: number;
  readonly keepAlive: boolean;
  readonly afterDispatch: (() => void) | undefined;
}

export const DEFAULT_DISPATCH_BUDGET_MS = 5;
export const DEFAULT_DISPATCHES_PER_TURN = 8;

const NAMES: OptionNames<AttachOptions> = {
  dispatchBudgetMs: true,
  dispatchesPerTurn: true,
  keepAlive: true,
  afterDispatch: true,
};

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function attachSettings(options: AttachOptions): AttachSettings {
  checkOptions('attachForeignLoop', options, NAMES);
  const { afterDispatch } = options;
  if (afterDispatch !== undefined) checkFunction('afterDispatch', afterDispatch);
  return {
    dispatchBudgetMs: checkNumber(
      'dispatchBudgetMs',
      options.dispatchBudgetMs ?? DEFAULT_DISPATCH_BUDGET_MS,
      0,
      1000,
    ),
    dispatchesPerTurn: checkInteger(
      'dispatchesPerTurn',
      options.dispatchesPerTurn ?? DEFAULT_DISPATCHES_PER_TURN,
      1,
      1000,
    ),
    keepAlive: checkBoolean('keepAlive', options.keepAlive ?? true),
    afterDispatch,
  };
}

/** As the addon takes them: microseconds, and a number. */
export function nativeSettings(settings: AttachSettings): Int32Array {
  return Int32Array.of(Math.round(settings.dispatchBudgetMs * 1000), settings.dispatchesPerTurn);
}
