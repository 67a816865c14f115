/** The part of a reactor that everything with callbacks needs: its turns, and the reporting of errors. */
import type { Clock } from '../../core/clock.js';
import type { ErrorReporter } from '../../core/error-reporter.js';

export interface TurnReactor {
  /** Never throws. */
  readonly report: ErrorReporter;
  /** Undefined for a transport that a test drives without a reactor: nothing is timed there. */
  readonly clock: Clock | undefined;
  /** Runs `callback` in the next turn, before data received then is delivered. */
  soon(callback: () => void): void;
}
