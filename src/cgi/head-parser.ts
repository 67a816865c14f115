/** Reads the head of a CGI response (RFC 3875 section 6), which may arrive in pieces. It is sans-I/O. */
import { Buffer } from 'node:buffer';
import { checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { CONNECTION_FIELDS } from '../protocols/http/connection-fields.js';
import { isToken } from '../protocols/http/octets.js';
import { InvalidCGIOutputError } from './errors.js';

export interface CGIHeadLimits {
  /** Longest head in bytes, with its empty line: 64 to 2^24. Default 65,536. */
  readonly maxHeadBytes?: number;
  /** Most fields, 1 or more. Default 100. */
  readonly maxFields?: number;
}

/** @internal */
export const HEAD_LIMITS: OptionNames<CGIHeadLimits> = { maxHeadBytes: true, maxFields: true };

/** The head of a response. */
export interface CGIHead {
  /** 200 to 599: of the Status field; otherwise 302 with Location, and 200 without. */
  readonly status: number;
  /** Fields for the client, in order. Those of the connection are left out. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Of a redirect inside the server (section 6.2.2): a path, perhaps with a query, in visible ASCII. */
  readonly localTarget?: string;
  /** The bytes behind the head that arrived with it. A view of the last piece. */
  readonly rest: Buffer;
}

const LF = 0x0a;
/** A path and query, which no browser takes for another origin. */
const LOCAL_TARGET = /^\/(?![/\\])[!-"$-~]*$/;
const STATUS = /^([2-5]\d\d)(?: .*)?$/;
/** They belong to the connection between client and server, which is not the script's (RFC 3875 section 6.3.4, RFC 9110 section 7.6.1). */
const NOT_OF_SCRIPTS: ReadonlySet<string> = new Set([
  ...CONNECTION_FIELDS,
  'proxy-authenticate',
  'trailer',
]);

export class CGIHeadParser {
  readonly #maxHeadBytes: number;
  readonly #maxFields: number;
  readonly #fields: [name: string, value: string][] = [];
  /** The unfinished line, in memory of its own. */
  #line: Buffer[] = [];
  #bytes = 0;
  #status: number | undefined;
  #location: string | undefined;
  /** Whether there are other fields than Location and Content-Type. */
  #hasOthers = false;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(limits: CGIHeadLimits = {}) {
    checkOptions('CGIHeadParser', limits, HEAD_LIMITS);
    const { maxHeadBytes = 65_536, maxFields = 100 } = limits;
    this.#maxHeadBytes = checkInteger('maxHeadBytes', maxHeadBytes, 64, 2 ** 24);
    this.#maxFields = checkInteger('maxFields', maxFields, 1, Number.MAX_SAFE_INTEGER);
  }

  /**
   * Adds a piece, which may be lent. Not to be called again once it has returned the head.
   * @returns The head; undefined if it is not complete.
   * @throws InvalidCGIOutputError
   */
  receive(piece: Buffer): CGIHead | undefined {
    let from = 0;
    for (let at = piece.indexOf(LF); at !== -1; at = piece.indexOf(LF, from)) {
      const line = this.#taken(piece.subarray(from, at));
      this.#count(at + 1 - from);
      from = at + 1;
      if (line === '') return this.#head(piece.subarray(from));
      this.#field(line);
    }
    if (from < piece.length) {
      this.#count(piece.length - from);
      this.#line.push(Buffer.from(piece.subarray(from)));
    }
    return undefined;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#maxHeadBytes) {
      throw new InvalidCGIOutputError(`the head exceeds maxHeadBytes, ${this.#maxHeadBytes}`);
    }
  }

  /** The whole line whose end this is, without its CR. */
  #taken(end: Buffer): string {
    const bytes = this.#line.length === 0 ? end : Buffer.concat([...this.#line, end]);
    this.#line = [];
    const text = bytes.toString('latin1');
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    if (!isToken(name)) throw new InvalidCGIOutputError('a line of the head is not a field');
    const value = line.slice(colon + 1).replace(/^[\t ]+|[\t ]+$/g, '');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) {
      throw new InvalidCGIOutputError('a field contains a control character');
    }
    const lower = name.toLowerCase();
    if (lower === 'status') this.#setStatus(value);
    else if (!NOT_OF_SCRIPTS.has(lower)) this.#add(name, lower, value);
  }

  #setStatus(value: string): void {
    const status = STATUS.exec(value)?.[1];
    if (status === undefined || this.#status !== undefined) {
      throw new InvalidCGIOutputError('the Status field is not one number from 200 to 599');
    }
    this.#status = Number(status);
  }

  #add(name: string, lower: string, value: string): void {
    if (this.#fields.length >= this.#maxFields) {
      throw new InvalidCGIOutputError(`the head exceeds maxFields, ${this.#maxFields}`);
    }
    if (lower === 'location') {
      if (this.#location !== undefined || value === '') {
        throw new InvalidCGIOutputError('the Location field is empty or repeated');
      }
      this.#location = value;
    } else if (lower !== 'content-type') this.#hasOthers = true;
    this.#fields.push([name, value]);
  }

  #head(rest: Buffer): CGIHead {
    if (this.#fields.length === 0 && this.#status === undefined) {
      throw new InvalidCGIOutputError('the head has no field');
    }
    const location = this.#location;
    const status = this.#status ?? (location === undefined ? 200 : 302);
    const isLocal =
      location !== undefined &&
      this.#status === undefined &&
      !this.#hasOthers &&
      LOCAL_TARGET.test(location);
    const local = isLocal ? { localTarget: location } : {};
    return { status, fields: this.#fields, rest, ...local };
  }
}
