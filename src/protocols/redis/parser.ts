/**
 * Reads the answers of a Redis server: RESP3, and RESP2, which is a part of it except for its nulls.
 *
 *     +text  -error  :integer  _null  #t|#f  ,double  (big number     one line
 *     $length  =length  !length                                      a line, then the bytes and CRLF; $-1 is null
 *     *count  ~count  >count  %count  |count                         a line, then the values; *-1 is null
 *
 * Omitted: strings and arrays of unknown length (`$?`, `*?`), which no server sends.
 */
import { withoutStack } from '../../core/errors/base.js';
import { LineBlockReader } from '../../framing/line-block-reader.js';
import { checkOptions } from '../../internal/options.js';
import { InvalidRedisReplyError, RedisServerError } from './errors.js';
import type { RedisEvent, RedisValue } from './events.js';
import { LIMITS, type RedisLimits, type ResolvedLimits, resolveLimits } from './limits.js';

/** An array, set, push, map or attribute whose values are being read. */
interface Open {
  readonly type: string;
  /** Values that are missing: two for each entry of a map. */
  left: number;
  readonly values: RedisValue[];
}

/** A string whose bytes have not arrived yet. */
interface Bulk {
  readonly type: string;
  readonly size: number;
}

/** No whole value yet. */
const MISSING = Symbol('missing');
/** An attribute, which belongs to the next value and is skipped. */
const SKIPPED = Symbol('skipped');

/** A pull decoder of answers. */
export class RedisParser {
  readonly #reader: LineBlockReader;
  readonly #limits: ResolvedLimits;
  #bulk: Bulk | undefined;
  #open: Open[] = [];
  #elements = 0;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(limits: RedisLimits = {}) {
    checkOptions('RedisParser', limits, LIMITS);
    this.#limits = resolveLimits(limits);
    this.#reader = new LineBlockReader(this.#limits.maxLineBytes, invalid);
  }

  /** Bytes received and not yet read. */
  get bufferedBytes(): number {
    return this.#reader.bufferedBytes;
  }

  /** Takes a chunk, which may be lent: call {@link next} until it returns undefined before the chunk is overwritten. */
  receive(chunk: Buffer): void {
    this.#reader.receive(chunk);
  }

  /**
   * The next whole answer or push. Undefined if bytes are missing.
   * @throws InvalidRedisReplyError and again the same: close the connection.
   */
  next(): RedisEvent | undefined {
    this.#reader.expectUsable();
    try {
      for (;;) {
        const value = this.#scalar();
        if (value === MISSING) return undefined;
        const event = value === SKIPPED ? undefined : this.#place(value as RedisValue);
        if (event !== undefined) return event;
      }
    } catch (error) {
      throw this.#reader.spoil(error);
    }
  }

  /** The next value that is whole by itself: an array that is not empty is opened. */
  #scalar(): RedisValue | typeof MISSING | typeof SKIPPED {
    if (this.#bulk !== undefined) return this.#bytes(this.#bulk);
    const line = this.#reader.line();
    if (line === undefined) return MISSING;
    this.#elements += 1;
    if (this.#elements > this.#limits.maxElements) {
      throw invalid(`an answer has more values than maxElements, ${this.#limits.maxElements}`);
    }
    const type = line.slice(0, 1);
    const rest = line.slice(1);
    if ('$=!'.includes(type) && type !== '') return this.#beginBulk(type, rest);
    if ('*~>%|'.includes(type) && type !== '') return this.#begin(type, rest);
    return lineValue(type, rest);
  }

  #beginBulk(type: string, rest: string): RedisValue | typeof MISSING {
    if (rest === '-1' && type === '$') return null;
    const { maxBulkBytes } = this.#limits;
    const size = lengthOf(rest);
    if (size > maxBulkBytes) {
      throw invalid(`a string of ${size} bytes is longer than maxBulkBytes, ${maxBulkBytes}`);
    }
    this.#bulk = { type, size };
    return this.#bytes(this.#bulk);
  }

  #bytes({ type, size }: Bulk): RedisValue | typeof MISSING {
    const bytes = this.#reader.block(size, 'a string');
    if (bytes === undefined) return MISSING;
    this.#bulk = undefined;
    if (type === '$') return bytes;
    const text = bytes.toString('utf8');
    // A verbatim string begins with its format, such as `txt:`.
    return type === '!' ? serverError(text) : text.slice(4);
  }

  #begin(type: string, rest: string): RedisValue | typeof MISSING | typeof SKIPPED {
    if (rest === '-1' && type === '*') return null;
    const count = lengthOf(rest);
    const left = type === '%' || type === '|' ? count * 2 : count;
    if (type === '>' && (this.#open.length > 0 || count === 0)) {
      throw invalid('a push is empty or inside of a value');
    }
    if (left > this.#limits.maxElements - this.#elements) {
      throw invalid(`an answer has more values than maxElements, ${this.#limits.maxElements}`);
    }
    if (left === 0) return type === '|' ? SKIPPED : closed({ type, left, values: [] });
    if (this.#open.length >= this.#limits.maxDepth) {
      throw invalid(`an answer has more levels than maxDepth, ${this.#limits.maxDepth}`);
    }
    this.#open.push({ type, left, values: [] });
    return SKIPPED;
  }

  /** Adds a value to the array that it belongs to. @returns The answer that it completes. */
  #place(scalar: RedisValue): RedisEvent | undefined {
    let value = scalar;
    for (;;) {
      const top = this.#open.at(-1);
      if (top === undefined) {
        this.#elements = 0;
        return { type: 'reply', value };
      }
      top.values.push(value);
      top.left -= 1;
      if (top.left > 0) return undefined;
      this.#open.pop();
      if (top.type === '|') return undefined;
      if (top.type === '>') {
        this.#elements = 0;
        return { type: 'push', values: top.values };
      }
      value = closed(top);
    }
  }
}

function closed({ type, values }: Open): RedisValue {
  if (type !== '%') return values;
  const map = new Map<string, RedisValue>();
  for (let i = 0; i < values.length; i += 2) {
    map.set(String(values[i]), values[i + 1] as RedisValue);
  }
  return map;
}

/** The value of a line. */
function lineValue(type: string, rest: string): RedisValue {
  if (type === '+') return rest;
  if (type === '-') return serverError(rest);
  if (type === ':' || type === '(') return integerOf(rest);
  if (type === '_' && rest === '') return null;
  if (type === '#' && (rest === 't' || rest === 'f')) return rest === 't';
  if (type === ',') return doubleOf(rest);
  throw invalid('a line is none of RESP');
}

function integerOf(text: string): number | bigint {
  if (!/^[+-]?\d{1,400}$/.test(text)) throw invalid('an integer is no number');
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

function doubleOf(text: string): number {
  if (text === 'inf') return Number.POSITIVE_INFINITY;
  if (text === '-inf') return Number.NEGATIVE_INFINITY;
  if (text === 'nan') return Number.NaN;
  if (/^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$/.test(text)) return Number(text);
  throw invalid('a double is no number');
}

function lengthOf(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw invalid('a length is no number');
}

function serverError(text: string): RedisServerError {
  return withoutStack(() => new RedisServerError(text));
}

function invalid(problem: string): InvalidRedisReplyError {
  return withoutStack(() => new InvalidRedisReplyError(problem));
}
