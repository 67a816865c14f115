/** Functions that run in other threads: the modules that export them, their types, and the options of a call. */
import type { Transferable } from 'node:worker_threads';

/** A module for threads, with the types of its exports. Made by `threadModule`. */
export interface ThreadModule<Exports> {
  /** The module's URL. */
  readonly href: string;
  /** Classes that errors of the module's functions have again when they arrive. */
  readonly errors: readonly (abstract new (
    ...args: never[]
  ) => Error)[];
  /** @internal Only a type: it is always undefined. */
  readonly exports: Exports | undefined;
}

/** The names of the functions of a module. */
export type FunctionName<Exports> = unknown extends Exports
  ? string
  : {
      [Name in keyof Exports]: Exports[Name] extends (...args: never[]) => unknown ? Name : never;
    }[keyof Exports] &
      string;

/** The parameters of a function of a module. */
export type FunctionArguments<Exports, Name> = unknown extends Exports
  ? readonly unknown[]
  : Name extends keyof Exports
    ? Exports[Name] extends (...args: infer Args) => unknown
      ? Readonly<Args>
      : never
    : never;

/** The result of a function of a module, after `await`. */
export type FunctionResult<Exports, Name> = unknown extends Exports
  ? unknown
  : Name extends keyof Exports
    ? Exports[Name] extends (...args: never[]) => infer R
      ? Awaited<R>
      : never
    : never;

/** Functions that a call may call in the thread of its caller. */
export type OfferedFunctions = Readonly<Record<string, (...args: never[]) => unknown>>;

export interface ThreadCallOptions {
  /** Objects in the arguments that are moved to the thread, not copied: they cannot be used here afterwards. */
  readonly transfer?: readonly Transferable[];
  /** Cancels the call, like `cancel` of the Deferred. */
  readonly signal?: AbortSignal;
  /**
   * How long a cancelled call may continue to run before its thread is terminated; 0 terminates it at once. Default: until the
   * function returns.
   */
  readonly terminateAfterMs?: number;
  /**
   * Functions that the thread may call here, by name, with `blockingCallFromThread` or `callFromThread`, while the call runs.
   * They may return a promise or a Deferred.
   */
  readonly functions?: OfferedFunctions;
}
