/**
 * Forms of the type application/x-www-form-urlencoded, and query strings (https://url.spec.whatwg.org/#urlencoded-parsing). Sans-I/O:
 * bytes in, fields out. Takes linear time, and reads the same fields as URLSearchParams.
 */
import { ByteQueue } from '../framing/byte-queue.js';
import { checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { FormTooLargeError } from './errors.js';

export interface FormField {
  readonly name: string;
  readonly value: string;
}

export interface UrlencodedOptions {
  /** Most fields: 1 to 1,000,000. Default 1,000. */
  readonly maxFields?: number | undefined;
  /** Longest name in bytes after decoding: 1 to 2^24. Default 1,024. */
  readonly maxNameBytes?: number | undefined;
  /** Longest value in bytes after decoding: 0 to 2^28. Default 1 MiB. */
  readonly maxValueBytes?: number | undefined;
}

const OPTIONS: OptionNames<UrlencodedOptions> = {
  maxFields: true,
  maxNameBytes: true,
  maxValueBytes: true,
};
const DEFAULT_MAX_FIELDS = 1000;
const DEFAULT_MAX_NAME_BYTES = 1024;
const DEFAULT_MAX_VALUE_BYTES = 1024 * 1024;

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PLUS = 0x2b;
const PERCENT = 0x25;
const SPACE = 0x20;
/** A byte is encoded as up to three. */
const ENCODED_BYTES = 3;

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkMaxNameBytes(value: number = DEFAULT_MAX_NAME_BYTES): number {
  return checkInteger('maxNameBytes', value, 1, 2 ** 24);
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkMaxValueBytes(value: number = DEFAULT_MAX_VALUE_BYTES): number {
  return checkInteger('maxValueBytes', value, 0, 2 ** 28);
}

export class UrlencodedParser {
  readonly #maxFields: number;
  readonly #maxNameBytes: number;
  readonly #maxValueBytes: number;
  readonly #queue: ByteQueue = new ByteQueue();
  /** Bytes at the beginning of the queue without an ampersand. */
  #scanned = 0;
  #fields = 0;
  #ended = false;
  #failure: FormTooLargeError | undefined = undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: UrlencodedOptions = {}) {
    checkOptions('form', options, OPTIONS);
    const { maxFields = DEFAULT_MAX_FIELDS } = options;
    this.#maxFields = checkInteger('maxFields', maxFields, 1, 1_000_000);
    this.#maxNameBytes = checkMaxNameBytes(options.maxNameBytes);
    this.#maxValueBytes = checkMaxValueBytes(options.maxValueBytes);
  }

  /** Adds bytes, which may be lent until `next` has returned undefined. Then the rest is copied. */
  receive(chunk: Buffer): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#queue.push(chunk);
  }

  /** Copies bytes that are lent, if `next` is not called until it returns undefined. */
  keepRest(): void {
    this.#queue.keep();
  }

  /** The body is complete: the last field can be read. */
  end(): void {
    this.#ended = true;
  }

  /**
   * The next field. Undefined until there are more bytes, and at the end of the body.
   * @throws FormTooLargeError Now and at each further call.
   */
  next(): FormField | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    const queue = this.#queue;
    for (;;) {
      let end = queue.indexOf(AMPERSAND, this.#scanned);
      if (end === -1) {
        if (!this.#ended || queue.length === 0) {
          this.#await();
          return undefined;
        }
        end = queue.length;
      }
      this.#scanned = 0;
      const raw = queue.cut(0, end, Math.min(end + 1, queue.length));
      if (raw.length > 0) return this.#field(raw);
    }
  }

  /** All fields of a whole body. @throws FormTooLargeError */
  fieldsOf(body: Buffer): FormField[] {
    this.receive(body);
    this.end();
    const fields: FormField[] = [];
    for (let field = this.next(); field !== undefined; field = this.next()) fields.push(field);
    return fields;
  }

  #await(): void {
    const queue = this.#queue;
    this.#scanned = queue.length;
    const maxName = ENCODED_BYTES * this.#maxNameBytes;
    const wanted = maxName + ENCODED_BYTES * this.#maxValueBytes + 1;
    if (queue.length > wanted) {
      const equals = queue.indexOf(EQUALS, 0);
      if (equals === -1 || equals > maxName) throw this.#fail('maxNameBytes', this.#maxNameBytes);
      throw this.#fail('maxValueBytes', this.#maxValueBytes);
    }
    queue.settle(wanted + 1);
  }

  #field(raw: Buffer): FormField {
    if (++this.#fields > this.#maxFields) throw this.#fail('maxFields', this.#maxFields);
    const equals = raw.indexOf(EQUALS);
    const name = decoded(equals === -1 ? raw : raw.subarray(0, equals));
    const value = decoded(equals === -1 ? raw.subarray(0, 0) : raw.subarray(equals + 1));
    if (name.length > this.#maxNameBytes) throw this.#fail('maxNameBytes', this.#maxNameBytes);
    if (value.length > this.#maxValueBytes) throw this.#fail('maxValueBytes', this.#maxValueBytes);
    return { name: name.toString(), value: value.toString() };
  }

  #fail(option: string, limit: number): FormTooLargeError {
    this.#failure = new FormTooLargeError(option, limit);
    return this.#failure;
  }
}

/** A view if nothing is encoded. Malformed escapes stay as they are. */
function decoded(raw: Buffer): Buffer {
  if (!raw.includes(PERCENT) && !raw.includes(PLUS)) return raw;
  const bytes = Buffer.allocUnsafe(raw.length);
  let length = 0;
  for (let at = 0; at < raw.length; at++) {
    let byte = raw[at] as number;
    if (byte === PLUS) byte = SPACE;
    else if (byte === PERCENT) {
      const high = hexDigit(raw[at + 1]);
      const low = hexDigit(raw[at + 2]);
      if (high !== -1 && low !== -1) {
        byte = 16 * high + low;
        at += 2;
      }
    }
    bytes[length++] = byte;
  }
  return bytes.subarray(0, length);
}

/** -1 if it is none. */
function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/**
 * The fields of a query, with or without the question mark, or of a whole form.
 * @throws FormTooLargeError, and for wrong options InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function parseUrlencoded(text: string, options: UrlencodedOptions = {}): FormField[] {
  const parser = new UrlencodedParser(options);
  return parser.fieldsOf(Buffer.from(text.startsWith('?') ? text.slice(1) : text));
}
