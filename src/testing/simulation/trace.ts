/** The events of a simulation, as lines of text: the same seed gives the same lines, byte for byte. */

/**
 * - `connections`: attempts, connections, ends, resets, partitions, errors, and the scenario's notes.
 * - `data`: also each piece of data that arrives. The default.
 * - `all`: also each piece that leaves, acknowledgements, and waiting for room.
 */
export type TraceLevel = 'connections' | 'data' | 'all';

export const TRACE_LEVELS: readonly TraceLevel[] = ['connections', 'data', 'all'];

/** A trace keeps at most this many lines, the last ones. */
export const MAX_TRACE_LINES: number = 100_000;

/** How much of a piece of data a line shows. */
const SHOWN_BYTES = 32;

/** The lines of one simulation. */
export class Trace {
  readonly level: TraceLevel;
  readonly #now: () => number;
  readonly #detail: number;
  #lines: string[] = [];
  #dropped = 0;

  constructor(level: TraceLevel, now: () => number) {
    this.level = level;
    this.#now = now;
    this.#detail = TRACE_LEVELS.indexOf(level);
  }

  /** The lines, first to last; those beyond {@link MAX_TRACE_LINES} are dropped. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** The number of all lines, dropped ones included. */
  get length(): number {
    return this.#dropped + this.#lines.length;
  }

  /** The last `count` lines, and the number of lines before them. */
  tail(count: number): string {
    const last = this.#lines.slice(-count);
    const before = this.length - last.length;
    return before === 0 ? last.join('\n') : `(${before} lines before)\n${last.join('\n')}`;
  }

  toString(): string {
    return this.tail(MAX_TRACE_LINES);
  }

  /** @internal Adds a line if the trace is as detailed as `level`. */
  add(level: TraceLevel, subject: string, text: string): void {
    if (TRACE_LEVELS.indexOf(level) > this.#detail) return;
    this.#lines.push(`${this.#now().toFixed(3).padStart(10)} ms  ${subject}  ${text}`);
    if (this.#lines.length < 2 * MAX_TRACE_LINES) return;
    this.#dropped += MAX_TRACE_LINES;
    this.#lines = this.#lines.slice(MAX_TRACE_LINES);
  }

  /** @internal */
  addData(subject: string, data: Buffer): void {
    if (this.#detail === 0) return;
    const shown = quoted(data.toString('latin1', 0, SHOWN_BYTES));
    const more = data.byteLength > SHOWN_BYTES ? '...' : '';
    this.add('data', subject, `data ${data.byteLength} B  ${shown}${more}`);
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

/** As a JavaScript string literal of printable ASCII only. */
function quoted(latin1: string): string {
  const escaped = latin1.replace(
    /[^ !#-[\]-~]/g,
    (byte) => ESCAPES[byte] ?? `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `"${escaped}"`;
}
