/**
 * The head of a response, as `node:http` writes it: the status line, the fields in the order in which they were set, then Date,
 * Connection, Keep-Alive and the field that frames the content. A function instead of methods, because frameworks replace the prototype.
 */
import { STATUS_CODES } from 'node:http';
import type { FieldLine } from '../http/field-lines.js';
import { invalidHeaders, trailerWithoutChunks } from './node-errors.js';
import {
  checkedLine,
  checkedName,
  type HeaderEntry,
  type HeaderValue,
} from './response-headers.js';

/** The fields that a program gives to `writeHead`. */
export type HeadFields =
  | Readonly<Record<string, HeaderValue | undefined>>
  | readonly HeaderValue[]
  | readonly (readonly [name: string, value: HeaderValue])[];

/** The state of `node:http`'s OutgoingMessage that decides about the head. */
export interface HeadState {
  statusCode: number;
  sendDate: boolean;
  shouldKeepAlive: boolean;
  chunkedEncoding: boolean;
  useChunkedEncodingByDefault: boolean;
  maxRequestsOnConnectionReached: boolean;
  _defaultKeepAlive: boolean;
  _hasBody: boolean;
  _contentLength: number | null;
  _removedConnection: boolean;
  _removedContLen: boolean;
  _removedTE: boolean;
  _last: boolean;
  _keepAliveTimeout: number;
  _maxRequestsPerSocket: number | null | undefined;
}

/** Fields for which head and content are decided. */
const CONNECTION = 1;
const CONTENT_LENGTH = 2;
const TRANSFER_ENCODING = 4;
const DATE = 8;
const TRAILER = 16;
const KEEP_ALIVE = 32;

const KINDS: ReadonlyMap<string, number> = new Map([
  ['connection', CONNECTION],
  ['content-length', CONTENT_LENGTH],
  ['transfer-encoding', TRANSFER_ENCODING],
  ['date', DATE],
  ['trailer', TRAILER],
  ['keep-alive', KEEP_ALIVE],
]);

const CLOSE = /(?:^|\W)close(?:$|\W)/i;
const CHUNKED = /(?:^|\W)chunked(?:$|\W)/i;

export class HeadWriter {
  text: string;
  /** Whether it is the same in Latin-1 and UTF-8. */
  isAscii = true;
  private found = 0;
  private readonly state: HeadState;
  private readonly unique: ReadonlySet<string> | undefined;

  /** @param unique Names of fields, in lower case, whose values are joined in one line. */
  constructor(state: HeadState, statusLine: string, unique: ReadonlySet<string> | undefined) {
    this.state = state;
    this.text = statusLine;
    this.unique = unique;
  }

  addEntries(entries: readonly HeaderEntry[]): void {
    for (let i = 0; i < entries.length; i++) {
      const { line, lower, name, value } = entries[i] as HeaderEntry;
      if (line === undefined) this.addValues(name as string, lower, value as readonly string[]);
      else this.add(line);
    }
  }

  /** @throws ERR_INVALID_ARG_VALUE, and as for `setHeader`. */
  addFields(fields: HeadFields): void {
    if (!Array.isArray(fields)) {
      const record = fields as Readonly<Record<string, HeaderValue>>;
      for (const name in record) {
        if (Object.hasOwn(record, name)) this.addField(name, record[name] as HeaderValue);
      }
    } else if (Array.isArray(fields[0])) {
      for (const [name, value] of fields as readonly (readonly [string, HeaderValue])[]) {
        this.addField(name, value);
      }
    } else {
      if (fields.length % 2 !== 0) throw invalidHeaders();
      for (let i = 0; i < fields.length; i += 2) {
        this.addField(fields[i] as string, fields[i + 1] as HeaderValue);
      }
    }
  }

  /** @param dateLine The Date field, with its CRLF. */
  finish(dateLine: string): string {
    const { state, found } = this;
    if (state.sendDate && (found & DATE) === 0) this.text += dateLine;
    if (state.chunkedEncoding && (state.statusCode === 204 || state.statusCode === 304)) {
      state.chunkedEncoding = false;
      state.shouldKeepAlive = false;
    }
    this.addConnection();
    if ((found & (CONTENT_LENGTH | TRANSFER_ENCODING)) === 0) this.addFraming();
    if (!state.chunkedEncoding && (this.found & TRAILER) !== 0) throw trailerWithoutChunks();
    this.text += '\r\n';
    return this.text;
  }

  private addField(name: string, value: HeaderValue): void {
    if (typeof value === 'object' && Array.isArray(value)) {
      this.addValues(name, checkedName(name), value as readonly string[]);
    } else this.add(checkedLine(name, value));
  }

  private addValues(name: string, lower: string, values: readonly string[]): void {
    if ((values.length > 1 && lower === 'cookie') || this.unique?.has(lower) === true) {
      this.add(checkedLine(name, values.join('; ')));
    } else for (const value of values) this.add(checkedLine(name, value));
  }

  private add(line: FieldLine): void {
    this.text += line.text;
    if (!line.isAscii) this.isAscii = false;
    const { length } = line.lower;
    if (length < 4 || length > 17) return;
    const kind = KINDS.get(line.lower);
    if (kind !== undefined) this.note(kind, line.value);
  }

  private note(kind: number, value: string): void {
    const { state } = this;
    this.found |= kind;
    if (kind === CONNECTION) {
      state._removedConnection = false;
      if (CLOSE.test(value)) state._last = true;
      else state.shouldKeepAlive = true;
    } else if (kind === CONTENT_LENGTH) {
      state._removedContLen = false;
      state._contentLength = Number(value);
    } else if (kind === TRANSFER_ENCODING) {
      state._removedTE = false;
      if (CHUNKED.test(value)) state.chunkedEncoding = true;
    } else if (kind === KEEP_ALIVE) state._defaultKeepAlive = false;
  }

  private addConnection(): void {
    const { state, found } = this;
    if (state._removedConnection) {
      state._last = !state.shouldKeepAlive;
      return;
    }
    if ((found & CONNECTION) !== 0) return;
    const isFramed = (found & CONTENT_LENGTH) !== 0 || state.useChunkedEncodingByDefault;
    if (!state.shouldKeepAlive || !isFramed) {
      state._last = true;
      this.text += 'Connection: close\r\n';
    } else if (state.maxRequestsOnConnectionReached) this.text += 'Connection: close\r\n';
    else {
      this.text += 'Connection: keep-alive\r\n';
      if (state._keepAliveTimeout > 0 && state._defaultKeepAlive) this.addKeepAlive();
    }
  }

  private addKeepAlive(): void {
    const { _keepAliveTimeout, _maxRequestsPerSocket } = this.state;
    const max = Number(_maxRequestsPerSocket) > 0 ? `, max=${_maxRequestsPerSocket}` : '';
    this.text += `Keep-Alive: timeout=${Math.floor(_keepAliveTimeout / 1_000)}${max}\r\n`;
  }

  private addFraming(): void {
    const { state } = this;
    if (!state._hasBody) state.chunkedEncoding = false;
    else if (!state.useChunkedEncodingByDefault) state._last = true;
    else if (
      (this.found & TRAILER) === 0 &&
      !state._removedContLen &&
      state._contentLength !== null
    ) {
      this.text += `Content-Length: ${state._contentLength}\r\n`;
    } else if (!state._removedTE) {
      this.text += 'Transfer-Encoding: chunked\r\n';
      state.chunkedEncoding = true;
    } else state._last = true;
  }
}

const standardLines = new Map<number, string>();

/** @param reason Checked: Latin-1 without control characters. */
export function responseLine(status: number, reason: string): string {
  if (reason !== STATUS_CODES[status]) return `HTTP/1.1 ${status} ${reason}\r\n`;
  let line = standardLines.get(status);
  if (line === undefined) {
    line = `HTTP/1.1 ${status} ${reason}\r\n`;
    standardLines.set(status, line);
  }
  return line;
}
