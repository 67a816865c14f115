/**
 * Limits the printing of reported errors: a peer that causes an error with each byte must not fill the disk with stacks.
 *
 * The errors of one place, that is, of the same callback, class and stack frames, are printed in full up to
 * {@link MAX_FULL_REPORTS} times in a window of {@link WINDOW_MS}. Further ones are counted, and the count is printed when the
 * window ends; in the next window of such a place one error is printed in full.
 */

/** The part of a `Clock` that this file uses. */
export interface ReportClock {
  now(): number;
  callLater(delayMs: number, callback: () => void): unknown;
}

export const WINDOW_MS = 1000;
export const MAX_FULL_REPORTS = 10;
/** Names and stacks may contain text of a peer, so the number of places is limited: all others together count as one. */
export const MAX_PLACES = 100;
const OTHERS = 'other errors';
const COMPARED_FRAMES = 3;
const MAX_FRAME_LENGTH = 200;

interface Place {
  /** The number of errors that may still be printed in full. */
  left: number;
  counted: number;
}

export class ReportLimit {
  readonly #clock: ReportClock;
  readonly #print: (line: string) => void;
  readonly #places: Map<string, Place> = new Map();
  #windowEnd = Number.NEGATIVE_INFINITY;
  #timed = false;

  /** @param print Prints a count. */
  constructor(clock: ReportClock, print: (line: string) => void) {
    this.#clock = clock;
    this.#print = print;
  }

  /** Whether to print this error in full; otherwise it was counted. Never throws. */
  admits(error: unknown, where: string): boolean {
    if (this.#clock.now() >= this.#windowEnd) this.printCounts();
    const place = this.#placeOf(error, where);
    if (place.left > 0) {
      place.left -= 1;
      return true;
    }
    place.counted += 1;
    this.#startTimer();
    return false;
  }

  /** Prints the counts and starts a new window. */
  printCounts(): void {
    this.#windowEnd = this.#clock.now() + WINDOW_MS;
    for (const [name, place] of this.#places) {
      if (place.counted === 0) {
        this.#places.delete(name);
        continue;
      }
      const count = place.counted.toLocaleString('en-US');
      place.counted = 0;
      place.left = 1;
      this.#print(`ropewalk: ${name}: and ${count} more like this in the last second`);
    }
  }

  #placeOf(error: unknown, where: string): Place {
    let name = placeName(error, where);
    if (!this.#places.has(name) && this.#places.size >= MAX_PLACES) name = OTHERS;
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const place = { left: MAX_FULL_REPORTS, counted: 0 };
    this.#places.set(name, place);
    return place;
  }

  #startTimer(): void {
    if (this.#timed) return;
    this.#timed = true;
    this.#clock.callLater(this.#windowEnd - this.#clock.now(), () => {
      this.#timed = false;
      this.printCounts();
    });
  }
}

/** Its first line only: with debugging, the others are the history of one Deferred. */
function placeName(error: unknown, where: string): string {
  const lineEnd = where.indexOf('\n');
  return `${lineEnd < 0 ? where : where.slice(0, lineEnd)}: ${kindOf(error)}`;
}

function kindOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error;
  try {
    const { name, code, message, stack } = error as Partial<
      Record<'name' | 'code' | 'message' | 'stack', unknown>
    >;
    const kind = [name, code].filter((part) => typeof part === 'string').join(' ');
    return [kind.slice(0, MAX_FRAME_LENGTH), ...framesOf(stack, message)].join(' ');
  } catch {
    return 'an error that cannot be read';
  }
}

/** The message is skipped: it may contain text of a peer, with lines that look like frames. */
function framesOf(stack: unknown, message: unknown): string[] {
  if (typeof stack !== 'string') return [];
  const text = typeof message === 'string' ? message : '';
  const rest = stack.slice(Math.max(0, stack.indexOf(text)) + text.length);
  const start = rest.search(/\n +at /);
  if (start < 0) return [];
  const frames = rest.slice(start + 1, start + COMPARED_FRAMES * MAX_FRAME_LENGTH);
  return frames.split('\n', COMPARED_FRAMES).map((frame) => frame.trim());
}
