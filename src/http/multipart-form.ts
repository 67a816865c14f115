/**
 * Forms of the type multipart/form-data (RFC 7578, RFC 2046 section 5.1). Sans-I/O: bytes in, events out, in linear time however the
 * bytes are cut.
 *
 * ```
 * --boundary CRLF
 * head CRLF CRLF data              once for each part, or never
 * CRLF --boundary CRLF
 * CRLF --boundary-- anything       the end
 * ```
 *
 * Strict: text before the first delimiter, spaces after one and longer lines that begin like one are refused. Clients do not send
 * them, and parsers disagree about their meaning.
 */
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { ByteQueue } from '../framing/byte-queue.js';
import { checkInteger, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { isBoundary } from './boundaries.js';
import { type BodyError, FormTooLargeError, InvalidFormError } from './errors.js';
import { parseParameterized } from './field-values.js';
import { type FormPart, parsePartHead } from './part-head.js';
import { checkMaxNameBytes, checkMaxValueBytes } from './urlencoded.js';

export interface MultipartOptions {
  /** Most parts, fields and files together: 1 to 1,000,000. Default 1,000. */
  readonly maxParts?: number | undefined;
  /** Longest head of a part in bytes: 64 to 2^20. Default 8,192. */
  readonly maxPartHeadBytes?: number | undefined;
  /** Longest name of a part or file in bytes of UTF-8: 1 to 2^24. Default 1,024. */
  readonly maxNameBytes?: number | undefined;
  /** Longest value of a field in bytes: 0 to 2^28. Default 1 MiB. */
  readonly maxValueBytes?: number | undefined;
  /** Longest file in bytes: 0 to 2^53 - 1. Default 16 MiB. */
  readonly maxFileBytes?: number | undefined;
}

const OPTIONS: OptionNames<MultipartOptions> = {
  maxParts: true,
  maxPartHeadBytes: true,
  maxNameBytes: true,
  maxValueBytes: true,
  maxFileBytes: true,
};
const DEFAULT_MAX_PARTS = 1000;
const DEFAULT_MAX_PART_HEAD_BYTES = 8192;
const DEFAULT_MAX_FILE_BYTES = 16 * 1024 * 1024;

const CR = 0x0d;
const HYPHENS = Buffer.from('--');
const CRLF = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');
const EMPTY: Buffer = Buffer.alloc(0);

/**
 * - `part`: the property `part` is a new part.
 * - `data`: the property `data` has bytes of its content.
 * - `part-end`: its content is complete.
 * - `end`: the form is complete. Everything that follows is ignored.
 */
export type MultipartEvent = 'part' | 'data' | 'part-end' | 'end';

/** Whether expected bytes are there; undefined if too few have arrived. */
type Match = boolean | undefined;

/**
 * The boundary of a form.
 * @param contentType The Content-Type field.
 * @throws InvalidFormError It is not multipart/form-data, or the boundary is missing or malformed.
 */
export function boundaryOf(contentType: string): string {
  const parsed = parseParameterized(contentType);
  const boundary = parsed?.parameters.get('boundary');
  if (parsed?.value.toLowerCase() !== 'multipart/form-data' || !isBoundary(boundary ?? '')) {
    throw new InvalidFormError('its Content-Type is not multipart/form-data with a boundary');
  }
  return boundary ?? '';
}

export class MultipartParser {
  /** After the event `part`. */
  part: FormPart = { name: '', filename: undefined, contentType: 'text/plain' };
  /** After the event `data`: a view of received bytes, which are valid as long as these. Never empty. */
  data: Buffer = EMPTY;
  readonly #maxParts: number;
  readonly #maxPartHeadBytes: number;
  readonly #maxNameBytes: number;
  readonly #maxValueBytes: number;
  readonly #maxFileBytes: number;
  /** With the CRLF before it. */
  readonly #delimiter: Buffer;
  readonly #queue: ByteQueue = new ByteQueue();
  #state: 'start' | 'delimiter' | 'head' | 'data' | 'end' = 'start';
  #parts = 0;
  /** Bytes of the head that were searched for its end. */
  #scanned = 0;
  /** Bytes of the current part's content. */
  #length = 0;
  #ended = false;
  #failure: BodyError | undefined = undefined;

  /**
   * @param boundary See {@link boundaryOf}.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(boundary: string, options: MultipartOptions = {}) {
    checkOptions('partsOf', options, OPTIONS);
    if (!isBoundary(checkString('boundary', boundary))) {
      throw new InvalidArgumentValueError('boundary', 'a boundary of RFC 2046', boundary);
    }
    const { maxParts = DEFAULT_MAX_PARTS, maxFileBytes = DEFAULT_MAX_FILE_BYTES } = options;
    const { maxPartHeadBytes = DEFAULT_MAX_PART_HEAD_BYTES } = options;
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
    this.#maxParts = checkInteger('maxParts', maxParts, 1, 1_000_000);
    this.#maxPartHeadBytes = checkInteger('maxPartHeadBytes', maxPartHeadBytes, 64, 2 ** 20);
    this.#maxNameBytes = checkMaxNameBytes(options.maxNameBytes);
    this.#maxValueBytes = checkMaxValueBytes(options.maxValueBytes);
    this.#maxFileBytes = checkInteger('maxFileBytes', maxFileBytes, 0, Number.MAX_SAFE_INTEGER);
  }

  /** Adds bytes, which may be lent until `next` has returned undefined. Then the rest is copied. */
  receive(chunk: Buffer): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#state !== 'end') this.#queue.push(chunk);
  }

  /** The body is complete: a form without its end is then an error of `next`. */
  end(): void {
    this.#ended = true;
  }

  /** Copies bytes that are lent, if `next` is not called until it returns undefined. */
  keepRest(): void {
    this.#queue.keep();
  }

  /**
   * The next event. Undefined until there are more bytes, and after `end`.
   * @throws InvalidFormError, FormTooLargeError Now and at each further call.
   */
  next(): MultipartEvent | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      const event = this.#advance();
      if (event === undefined && this.#ended && this.#state !== 'end') {
        throw new InvalidFormError('it ends before its last delimiter');
      }
      return event;
    } catch (error) {
      this.#failure = error as BodyError;
      throw error;
    }
  }

  #advance(): MultipartEvent | undefined {
    if (this.#state === 'start' && !this.#readStart()) return undefined;
    if (this.#state === 'delimiter') return this.#readDelimiter();
    if (this.#state === 'head') return this.#readHead();
    return this.#state === 'data' ? this.#readData() : undefined;
  }

  /** The first delimiter, with or without a CRLF before it. */
  #readStart(): boolean {
    const queue = this.#queue;
    if (queue.length === 0) return false;
    const expected =
      queue.byteAt(0) === CR ? this.#delimiter : this.#delimiter.subarray(CRLF.length);
    const match = this.#matches(0, expected);
    if (match === false) throw new InvalidFormError('it does not begin with its boundary');
    if (match === undefined) return this.#await();
    queue.cut(0, 0, expected.length);
    this.#state = 'delimiter';
    return true;
  }

  /** The CRLF after a delimiter stays in the queue, as the beginning of the head. */
  #readDelimiter(): MultipartEvent | undefined {
    const last = this.#matches(0, HYPHENS);
    if (last === true) {
      this.#queue.takeRest();
      this.#state = 'end';
      return 'end';
    }
    const inner = this.#matches(0, CRLF);
    if (last === false && inner === false) {
      throw new InvalidFormError('a boundary is followed by other characters');
    }
    if (inner !== true) return this.#await() || undefined;
    if (++this.#parts > this.#maxParts) throw new FormTooLargeError('maxParts', this.#maxParts);
    this.#state = 'head';
    this.#scanned = 0;
    return this.#readHead();
  }

  #readHead(): MultipartEvent | undefined {
    const queue = this.#queue;
    let at = queue.indexOf(CR, this.#scanned);
    let match: Match = false;
    for (; at !== -1; at = queue.indexOf(CR, at + 1)) {
      match = this.#matches(at, HEAD_END);
      if (match !== false) break;
    }
    const length = at === -1 ? queue.length : at;
    // The CRLF of the delimiter is not counted.
    if (length - CRLF.length > this.#maxPartHeadBytes) {
      throw new FormTooLargeError('maxPartHeadBytes', this.#maxPartHeadBytes);
    }
    if (match !== true) {
      this.#scanned = length;
      return this.#await() || undefined;
    }
    const head = queue.cut(Math.min(CRLF.length, length), length, length + HEAD_END.length);
    if (head.length === 0) throw new InvalidFormError('a part without Content-Disposition');
    this.part = parsePartHead(head);
    this.#checkName(this.part.name);
    this.#checkName(this.part.filename ?? '');
    this.#length = 0;
    this.#state = 'data';
    return 'part';
  }

  #checkName(name: string): void {
    if (Buffer.byteLength(name) <= this.#maxNameBytes) return;
    throw new FormTooLargeError('maxNameBytes', this.#maxNameBytes);
  }

  /** Returns everything up to the next delimiter, or to the beginning of a possible one at the end of the queue. */
  #readData(): MultipartEvent | undefined {
    const queue = this.#queue;
    let at = queue.indexOf(CR, 0);
    let match: Match = false;
    // A delimiter has no CR except for its first byte, so the compared bytes are not searched twice.
    for (; at !== -1; at = queue.indexOf(CR, at + 1)) {
      match = this.#matches(at, this.#delimiter);
      if (match !== false) break;
    }
    const length = at === -1 ? queue.length : at;
    if (length > 0) return this.#takeData(length);
    if (match !== true) return this.#await() || undefined;
    queue.cut(0, 0, this.#delimiter.length);
    this.#state = 'delimiter';
    return 'part-end';
  }

  #takeData(length: number): MultipartEvent {
    this.#length += length;
    const isFile = this.part.filename !== undefined;
    const limit = isFile ? this.#maxFileBytes : this.#maxValueBytes;
    if (this.#length > limit) {
      throw new FormTooLargeError(isFile ? 'maxFileBytes' : 'maxValueBytes', limit);
    }
    this.data = this.#queue.cut(0, length, length);
    return 'data';
  }

  #matches(at: number, expected: Buffer): Match {
    const queue = this.#queue;
    const available = Math.min(expected.length, queue.length - at);
    for (let i = 0; i < available; i++) {
      if (queue.byteAt(at + i) !== expected[i]) return false;
    }
    return available === expected.length ? true : undefined;
  }

  #await(): false {
    const head = CRLF.length + this.#maxPartHeadBytes + HEAD_END.length;
    this.#queue.settle(this.#state === 'head' ? head : this.#delimiter.length);
    return false;
  }
}
