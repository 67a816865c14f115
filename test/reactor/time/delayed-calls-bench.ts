import type { DelayedCall } from '../../../src/core/clock.js';
import { DelayedCalls } from '../../../src/reactor/time/delayed-calls.js';

/** Delayed calls under a clock that the test sets, with all that they told their owner. */
export class Bench {
  time = 1000;
  readonly armed: (number | undefined)[] = [];
  readonly reported: [unknown, string][] = [];
  readonly ran: unknown[] = [];
  readonly calls: DelayedCalls = new DelayedCalls({
    now: () => this.time,
    report: (error, where) => this.reported.push([error, where]),
    arm: (time) => this.armed.push(time),
  });

  /** A call that notes `name` when it runs, and then does `andThen`. */
  later(delayMs: number, name: unknown = delayMs, andThen: () => void = () => {}): DelayedCall {
    const note = (noted: unknown): void => {
      this.ran.push(noted);
      andThen();
    };
    return this.calls.callLater(delayMs, note, [name]);
  }

  advance(ms: number): void {
    this.time += ms;
    this.calls.runDue();
  }
}
