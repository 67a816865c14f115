/** Options and events of {@link ProcessMonitor}. */

import { backoffPolicy, type RetryPolicy } from '../clients/backoff-policy.js';
import type { ProcessClosed } from '../core/errors/processes.js';
import { callReported } from '../defer/callback-result.js';
import { checkFunction, checkMilliseconds, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { ProgramOptions } from '../internal/program-options.js';
import { signalNumber } from '../internal/signals.js';
import type { ProcessReactor } from './process-result.js';

/** `waiting`: it has ended or could not be started, and is started after a delay. `stopping`: it was asked to end. */
export type ProcessState = 'stopped' | 'running' | 'waiting' | 'stopping';

/** A line that a program wrote, without its end. Lines of more than 16 KiB come in pieces. */
export interface ProcessLine {
  readonly name: string;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** `delayMs`: it is started after that time. */
export type ProcessEvent =
  | { readonly type: 'started'; readonly name: string; readonly pid: number }
  | {
      readonly type: 'exited';
      readonly name: string;
      readonly reason: ProcessClosed;
      readonly uptimeMs: number;
      readonly delayMs: number;
    }
  | {
      readonly type: 'stopped';
      readonly name: string;
      readonly reason: ProcessClosed;
      readonly uptimeMs: number;
    }
  | {
      readonly type: 'failed';
      readonly name: string;
      readonly error: Error;
      readonly delayMs: number;
    };

export interface ProcessMonitorOptions {
  /** Delay before a program that has ended is started again. Default 1,000. */
  readonly minRestartDelayMs?: number;
  /** Longest delay: each is twice the previous one. Default 3,600,000. */
  readonly maxRestartDelayMs?: number;
  /** A program that ran this long is healthy: the next delay is `minRestartDelayMs` again. Default 1,000. */
  readonly healthyAfterMs?: number;
  /** The signal that asks a program to end. Default `SIGTERM`. */
  readonly stopSignal?: NodeJS.Signals;
  /** A program that has not ended this long after `stopSignal` is killed. Default 5,000. */
  readonly killAfterMs?: number;
  /** Receives the output of the programs, line by line. Default: prints it with the name of the program. Errors are reported. */
  readonly onLine?: (line: ProcessLine) => void;
  /** Receives starts, exits and failures. Errors are reported. */
  readonly onEvent?: (event: ProcessEvent) => void;
}

/** A program to be kept running. By default it has a session of its own, so that its children are signalled with it. */
export interface MonitoredProcessOptions extends ProgramOptions {}

export interface MonitorSettings {
  readonly reactor: ProcessReactor;
  readonly delayAfter: RetryPolicy;
  readonly random: () => number;
  readonly healthyAfterMs: number;
  readonly stopSignal: NodeJS.Signals;
  readonly killAfterMs: number;
  readonly line: (line: ProcessLine) => void;
  readonly emit: (event: ProcessEvent) => void;
}

const OPTIONS: OptionNames<ProcessMonitorOptions> = {
  minRestartDelayMs: true,
  maxRestartDelayMs: true,
  healthyAfterMs: true,
  stopSignal: true,
  killAfterMs: true,
  onLine: true,
  onEvent: true,
};

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function monitorSettings(
  reactor: ProcessReactor,
  options: ProcessMonitorOptions,
): MonitorSettings {
  checkOptions('ProcessMonitor', options, OPTIONS);
  const { minRestartDelayMs = 1_000, maxRestartDelayMs = 3_600_000 } = options;
  const { healthyAfterMs = 1_000, killAfterMs = 5_000, stopSignal = 'SIGTERM' } = options;
  const { onLine = print, onEvent = () => {} } = options;
  checkMilliseconds('minRestartDelayMs', minRestartDelayMs);
  checkMilliseconds('maxRestartDelayMs', maxRestartDelayMs);
  signalNumber(checkString('stopSignal', stopSignal) as NodeJS.Signals);
  checkFunction('onLine', onLine);
  checkFunction('onEvent', onEvent);
  return {
    reactor,
    delayAfter: backoffPolicy({
      initialDelayMs: minRestartDelayMs,
      maxDelayMs: maxRestartDelayMs,
      factor: 2,
      jitter: 0,
    }),
    random: () => 0,
    healthyAfterMs: checkMilliseconds('healthyAfterMs', healthyAfterMs),
    stopSignal,
    killAfterMs: checkMilliseconds('killAfterMs', killAfterMs),
    line: (line) => callReported('onLine', onLine, line),
    emit: (event) => callReported('onEvent', onEvent, event),
  };
}

function print({ name, stream, text }: ProcessLine): void {
  process[stream].write(`[${name}] ${text}\n`);
}
