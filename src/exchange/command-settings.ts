/** The options of pipelined clients: any number of commands are unanswered, and answers come in the order of the commands. */
import type { Clock } from '../core/clock.js';
import { checkAbortSignal, checkClock, checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { checkTimeout, IdleTimeouts } from '../policies/idle-timeouts.js';
import type { CommandErrors } from './command-errors.js';

/** The options of one connection, beside the limits of its family. */
export interface PipelineOptions {
  /** Measures the time limits: usually the reactor. */
  readonly clock: Clock;
  /** Time for the answer to a command, unless the call has its own limit. Greater than 0; default 5,000. */
  readonly timeoutMs?: number;
  /**
   * The connection is aborted if commands are unanswered and no answer came for this time. Greater than 0, and greater than the time
   * that the server may legitimately wait before an answer; default 60,000.
   */
  readonly stallTimeoutMs?: number;
  /** Most bytes that may be unsent when a command is added, 1 or more. Default 67,108,864. */
  readonly maxUnsentBytes?: number;
}

export const PIPELINE_OPTIONS: OptionNames<PipelineOptions> = {
  clock: true,
  timeoutMs: true,
  stallTimeoutMs: true,
  maxUnsentBytes: true,
};

/** Options of one command. */
export interface CommandOptions {
  /**
   * Time for the answer; then the call fails with a timeout error, and a later answer is skipped. Greater than 0; measured to a
   * sixteenth of the connection's `timeoutMs`, which is also the default. Commands that block at the server need a longer one.
   */
  readonly timeoutMs?: number;
  /** Cancels the command: a CancelledError, and the answer is skipped. The server may still execute the command. */
  readonly signal?: AbortSignal;
}

export const COMMAND_OPTIONS: OptionNames<CommandOptions> = { timeoutMs: true, signal: true };

const MAX_TICK_MS = 1_000;
const TICKS = 16;

/** Checked options, which all connections of a client share, and the properties of its family. */
export abstract class PipelineSettings<Command> {
  readonly clock: Clock;
  readonly timeouts: IdleTimeouts;
  readonly timeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly maxUnsentBytes: number;
  readonly maxUnanswered: number;
  /** The method that sends a command, for errors of its options. */
  abstract readonly method: string;
  /** A command that changes nothing. */
  abstract readonly ping: Command;
  abstract readonly errors: CommandErrors;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options: PipelineOptions, maxUnanswered: number) {
    const { clock, timeoutMs = 5_000, stallTimeoutMs = 60_000 } = options;
    const { maxUnsentBytes = 64 * 2 ** 20 } = options;
    checkClock('clock', clock);
    this.clock = clock;
    this.timeoutMs = checkTimeout('timeoutMs', timeoutMs);
    this.stallTimeoutMs = checkTimeout('stallTimeoutMs', stallTimeoutMs);
    checkInteger('maxUnsentBytes', maxUnsentBytes, 1, Number.MAX_SAFE_INTEGER);
    this.maxUnsentBytes = maxUnsentBytes;
    this.maxUnanswered = maxUnanswered;
    const tickMs = Math.min(MAX_TICK_MS, timeoutMs / TICKS, stallTimeoutMs / TICKS);
    this.timeouts = new IdleTimeouts(clock, { tickMs });
  }

  /** The name of a command in errors. */
  abstract nameOf(command: Command): string;
  /** @throws The error with which a connection would refuse the command. */
  abstract check(command: Command): void;
}

/**
 * @param method The name of the method that has them.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function checkCommandOptions(method: string, options: CommandOptions): void {
  checkOptions(method, options, COMMAND_OPTIONS);
  const { timeoutMs, signal } = options;
  if (timeoutMs !== undefined) checkTimeout('timeoutMs', timeoutMs);
  if (signal !== undefined) checkAbortSignal('signal', signal);
}
