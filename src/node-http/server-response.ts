/**
 * A response as programs for `node:http` see it. Frameworks replace the prototype of responses by one that inherits from Node's class
 * (Express: `app.response`), so this class extends it, and the methods that differ are properties of each object. What is inherited
 * reads the same fields as there: `_header`, `finished`, `socket` and others.
 */
import { ServerResponse as NodeResponse, STATUS_CODES } from 'node:http';
import type { Exchange } from './exchange.js';
import type { IncomingMessage } from './incoming-message.js';
import { headersSent, invalidCharacter, invalidHeaders, invalidStatusCode } from './node-errors.js';
import {
  kEntries,
  kExchange,
  kIsAscii,
  kRejectsContent,
  kUnique,
  kWaiting,
  kWritten,
  type OpenResponse,
  takeNodeFields,
} from './open-response.js';
import { reserveResponse } from './reserved-names.js';
import { endResponse, passHead, passRaw, writeResponse } from './response-content.js';
import { type HeadFields, HeadWriter, responseLine } from './response-head.js';
import {
  checkedLine,
  checkedName,
  type HeaderEntry,
  type HeaderValue,
  headerEntry,
  indexOf,
  lowerCase,
} from './response-headers.js';

/** Settings of the server that responses use. */
export interface ResponseSettings {
  readonly keepAliveTimeout: number;
  readonly maxRequestsPerSocket: number | null;
  readonly rejectNonStandardBodyWrites: boolean;
  /** Names in lower case. */
  readonly uniqueHeaders: ReadonlySet<string> | undefined;
}

export class ServerResponse extends NodeResponse<IncomingMessage> {
  /** @internal */
  constructor(request: IncomingMessage, exchange: Exchange, settings: ResponseSettings) {
    super(request);
    const open = this as unknown as OpenResponse;
    open[kExchange] = exchange;
    open[kEntries] = undefined;
    open[kIsAscii] = true;
    open[kUnique] = settings.uniqueHeaders;
    open[kWritten] = 0;
    open[kWaiting] = undefined;
    open[kRejectsContent] = settings.rejectNonStandardBodyWrites;
    open.statusCode = 200;
    reserveResponse(this as never);
    open.shouldKeepAlive = exchange.request.head.keepsAlive;
    open._keepAliveTimeout = settings.keepAliveTimeout;
    open._maxRequestsPerSocket = settings.maxRequestsPerSocket;
    if (new.target === ServerResponse) ownMethods(this);
    else ownMethodsOf(this);
  }
}

type Methods = Pick<
  ServerResponse,
  | 'setHeader'
  | 'appendHeader'
  | 'getHeader'
  | 'getHeaderNames'
  | 'getHeaders'
  | 'hasHeader'
  | 'removeHeader'
  | 'writeHead'
  | 'write'
  | 'end'
> & {
  getRawHeaderNames(): string[];
  writeHeader: ServerResponse['writeHead'];
  _send(data: string | Uint8Array): boolean;
  _writeRaw: typeof passRaw;
};

/** One by one, so that all responses have the same hidden class. */
function ownMethods(response: ServerResponse): void {
  const own = response as unknown as Methods;
  own.setHeader = setHeader as never;
  own.appendHeader = appendHeader as never;
  own.getHeader = getHeader as never;
  own.getHeaderNames = getHeaderNames;
  own.getRawHeaderNames = getRawHeaderNames;
  own.getHeaders = getHeaders as never;
  own.hasHeader = hasHeader;
  own.removeHeader = removeHeader;
  own.writeHead = writeHead as never;
  own.writeHeader = writeHead as never;
  own.write = writeResponse as never;
  own.end = endResponse as never;
  own._send = send as never;
  own._writeRaw = passRaw;
}

/** Methods of a subclass of a program. */
function ownMethodsOf(response: ServerResponse): void {
  const own = response as unknown as Record<string, unknown>;
  for (const name of Object.keys(PROTOTYPE)) {
    const method = own[name];
    own[name] = method;
  }
}

const PROTOTYPE: Readonly<Record<string, unknown>> = {
  setHeader,
  appendHeader,
  getHeader,
  getHeaderNames,
  getRawHeaderNames,
  getHeaders,
  hasHeader,
  removeHeader,
  writeHead,
  writeHeader: writeHead,
  write: writeResponse,
  end: endResponse,
  _send: send,
  _writeRaw: passRaw,
};

for (const [name, value] of Object.entries(PROTOTYPE)) {
  Object.defineProperty(ServerResponse.prototype, name, {
    value,
    writable: true,
    configurable: true,
  });
}

/** The fields that were set, by whichever method. */
function entriesOf(response: OpenResponse): HeaderEntry[] | undefined {
  const others = takeNodeFields(response);
  if (others !== undefined) {
    for (const [name, value] of Object.values(others)) putEntry(response, headerEntry(name, value));
  }
  return response[kEntries];
}

function putEntry(response: OpenResponse, entry: HeaderEntry): void {
  const entries = response[kEntries];
  if (entries === undefined) {
    response[kEntries] = [entry];
    return;
  }
  const index = indexOf(entries, entry.lower);
  if (index === -1) entries.push(entry);
  else entries[index] = entry;
}

function setHeader(this: OpenResponse, name: string, value: HeaderValue): OpenResponse {
  if (this._header) throw headersSent('set');
  entriesOf(this);
  putEntry(this, headerEntry(name, value));
  return this;
}

function appendHeader(
  this: OpenResponse,
  name: string,
  value: string | readonly string[],
): OpenResponse {
  if (this._header) throw headersSent('append');
  const entries = entriesOf(this);
  const previous = entries?.[indexOf(entries, checkedName(name))];
  if (previous === undefined) return setHeader.call(this, name, value);
  const values: unknown[] = Array.isArray(previous.value) ? previous.value : [previous.value];
  const added = Array.isArray(value) ? value : [value];
  for (const one of added) checkedLine(name, one);
  return setHeader.call(this, previous.name as string, [...values, ...added] as string[]);
}

function getHeader(this: OpenResponse, name: string): HeaderValue | undefined {
  const lower = lowerCase(name);
  const entries = entriesOf(this);
  if (entries === undefined) return undefined;
  const index = indexOf(entries, lower);
  return index === -1 ? undefined : (entries[index] as HeaderEntry).value;
}

function hasHeader(this: OpenResponse, name: string): boolean {
  const lower = lowerCase(name);
  const entries = entriesOf(this);
  return entries !== undefined && indexOf(entries, lower) !== -1;
}

function removeHeader(this: OpenResponse, name: string): void {
  const lower = lowerCase(name);
  if (this._header) throw headersSent('remove');
  if (lower === 'connection') this._removedConnection = true;
  else if (lower === 'content-length') this._removedContLen = true;
  else if (lower === 'transfer-encoding') this._removedTE = true;
  else if (lower === 'date') this.sendDate = false;
  const entries = entriesOf(this);
  if (entries === undefined) return;
  const index = indexOf(entries, lower);
  if (index !== -1) entries.splice(index, 1);
}

function getHeaderNames(this: OpenResponse): string[] {
  return (entriesOf(this) ?? []).map(({ lower }) => lower);
}

function getRawHeaderNames(this: OpenResponse): string[] {
  return (entriesOf(this) ?? []).map(({ name }) => name as string);
}

function getHeaders(this: OpenResponse): Record<string, HeaderValue> {
  const headers = Object.create(null) as Record<string, HeaderValue>;
  for (const { lower, value } of entriesOf(this) ?? []) headers[lower] = value;
  return headers;
}

/** `writeHead(status[, reason][, fields])`: makes the head, which is sent with the first piece of content. */
function writeHead(
  this: OpenResponse,
  status: number,
  reason?: string | HeadFields,
  fields?: HeadFields,
): OpenResponse {
  if (this._header) throw headersSent('write');
  const code = status | 0;
  if (code < 100 || code > 999) throw invalidStatusCode(status);
  let given = fields;
  if (typeof reason === 'string') this.statusMessage = reason;
  else {
    if (!this.statusMessage) this.statusMessage = STATUS_CODES[code] ?? 'unknown';
    given ??= reason;
  }
  this.statusCode = code;
  const entries = entriesOf(this);
  if (entries !== undefined && given !== undefined && given !== null) setAll(this, given);
  const { statusMessage } = this;
  if (statusMessage !== STATUS_CODES[code]) checkReason(this, statusMessage);
  if (code === 204 || code === 304 || code < 200) this._hasBody = false;
  if (this._expect_continue && !this._sent100) this.shouldKeepAlive = false;
  const exchange = this[kExchange];
  if (this.shouldKeepAlive && !exchange.keepsAlive) this.shouldKeepAlive = false;
  const writer = new HeadWriter(this, responseLine(code, statusMessage), this[kUnique]);
  if (entries !== undefined) writer.addEntries(entries);
  else if (given !== undefined && given !== null) writer.addFields(given);
  this._header = writer.finish(exchange.dateLine);
  if (!writer.isAscii) this[kIsAscii] = false;
  this._headerSent = false;
  return this;
}

/** Fields of `writeHead` replace those of `setHeader`. */
function setAll(response: OpenResponse, fields: HeadFields): void {
  if (!Array.isArray(fields)) {
    for (const [name, value] of Object.entries(fields)) {
      if (name !== '') setHeader.call(response, name, value as HeaderValue);
    }
    return;
  }
  if (Array.isArray(fields[0])) {
    for (const [name, value] of fields as [string, HeaderValue][]) {
      setHeader.call(response, name, value);
    }
    return;
  }
  if (fields.length % 2 !== 0) throw invalidHeaders();
  for (let i = 0; i < fields.length; i += 2) {
    setHeader.call(response, fields[i] as string, fields[i + 1] as HeaderValue);
  }
}

const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;
const NOT_ASCII = /[\x80-\xff]/;

function checkReason(response: OpenResponse, reason: string): void {
  if (!REASON.test(reason)) throw invalidCharacter('statusMessage');
  if (NOT_ASCII.test(reason)) response[kIsAscii] = false;
}

/** `flushHeaders` of Node's class calls it with an empty text. */
function send(this: OpenResponse, data: string | Uint8Array): boolean {
  const exchange = this[kExchange];
  passHead(this);
  if (data.length > 0) exchange.pass(data, data.length);
  exchange.release();
  return !exchange.isFull;
}
