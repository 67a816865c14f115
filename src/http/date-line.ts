/** The Date field of responses (RFC 9110 section 6.6.1), formatted at most once a second. */
import type { Clock, DelayedCall } from '../core/clock.js';
import { ROOT_CONTEXT } from '../internal/async-context.js';

const SECOND_MS = 1_000;

/** While it is read, a delayed call drops the text at the end of each second; nothing runs on an idle server. */
export class DateLine {
  readonly #clock: Clock;
  readonly #wallClock: () => number;
  #line: string | undefined;
  #call: DelayedCall | undefined;

  /** @param wallClock The time in milliseconds since 1970. */
  constructor(clock: Clock, wallClock: () => number) {
    this.#clock = clock;
    this.#wallClock = wallClock;
  }

  /** The field line with its CRLF. */
  get line(): string {
    return this.#line ?? this.#format();
  }

  stop(): void {
    this.#call?.cancel();
    this.#expire();
  }

  #format(): string {
    const now = this.#wallClock();
    const line = `Date: ${new Date(now).toUTCString()}\r\n`;
    this.#line = line;
    ROOT_CONTEXT.runInAsyncScope(() => {
      this.#call = this.#clock.callLater(SECOND_MS - (Math.floor(now) % SECOND_MS), this.#expire);
      this.#call.whenDropped(this.#expire);
    });
    return line;
  }

  readonly #expire = (): void => {
    this.#line = undefined;
    this.#call = undefined;
  };
}
