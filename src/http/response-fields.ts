/** The status and the fields of a response, as a handler prepares them, and the head that is made of them. */
import { checkInteger } from '../internal/check.js';
import {
  HTTPContentLengthError,
  HTTPSequenceError,
  InvalidHTTPOutputError,
} from '../protocols/http/errors.js';
import { type Framing, isTunnel, responseFraming } from '../protocols/http/response-framing.js';
import { conditionalStatus } from './conditional.js';
import {
  addLines,
  areAscii,
  checkFieldName,
  type FieldLine,
  type FieldValue,
  fieldLine,
  hasField,
  without,
} from './field-lines.js';
import { CONTENT_FIELDS, HEAD_FIELDS, NOTED_FIELDS } from './field-names.js';
import type { HTTPRequest } from './http-request.js';
import type { ReadyHead, ResponseConnection } from './response-connection.js';
import { UNKNOWN } from './response-head.js';

/** RFC 9110 section 15.3.6: it has no content, but not by definition. */
const RESET_CONTENT = 205;

/** The base of HTTPResponse. One exists for each request, so private fields are TypeScript's. */
export abstract class ResponseFields implements ReadyHead {
  /** @internal Whether the connection is closed after this response. */
  closes = false;
  /** @internal */
  readonly request: HTTPRequest;
  protected readonly connection: ResponseConnection;
  /** @internal The status. */
  code = 200;
  /** @internal */
  lines: FieldLine[] | undefined = undefined;
  /** Whether ETag or Last-Modified was set. */
  protected hasValidator = false;
  /** @internal Those of {@link addLastingField}. */
  lastingLines: FieldLine[] | undefined = undefined;
  /** @internal */
  trailerLines: FieldLine[] | undefined = undefined;
  /** @internal Known when the head was prepared. */
  framing: Framing = 'none';
  /** @internal Whether Content-Length was set. */
  isAnnounced = false;
  /** @internal Whether there is no content, of which the length says so. */
  isEmpty = false;
  /** The length of content that a field announces. */
  protected announced = 0;
  /** Of that, what is not written yet. */
  protected remaining = 0;

  /** @internal */
  constructor(connection: ResponseConnection, request: HTTPRequest) {
    this.connection = connection;
    this.request = request;
  }

  /** The status code, 200 to 599; default 200. @throws HTTPSequenceError the head was sent. */
  get status(): number {
    return this.code;
  }

  set status(status: number) {
    this.requireHead();
    this.code = checkInteger('status', status, 200, 599);
  }

  /** Whether the head was written. */
  abstract get headSent(): boolean;

  /** Whether the response is complete, or cannot be completed because the connection has ended. */
  abstract get ended(): boolean;

  /**
   * Sets a field, replacing all lines of it. An array becomes one line for each value. Of Connection, only `close` can be set.
   * @throws InvalidHTTPOutputError the name is not a token, or a value contains CR, LF, NUL or another control character, or a
   * character beyond Latin-1; or it is a field that the server sets.
   * @throws InvalidArgumentTypeError the name is not a string, or the value not a {@link FieldValue}.
   * @throws HTTPSequenceError the head was sent.
   */
  setField(name: string, value: FieldValue): this {
    this.requireHead();
    if (this.lines !== undefined) {
      const lower = checkFieldName(name);
      if (hasField(this.lines, lower)) this.lines = without(this.lines, lower);
    }
    return this.addField(name, value);
  }

  /** Adds a line to a field. @throws as {@link setField}. */
  addField(name: string, value: FieldValue): this {
    this.requireHead();
    if (typeof value === 'object') {
      const added: FieldLine[] = [];
      addLines(added, name, value);
      for (const line of added) this.addLine(line);
    } else this.addLine(fieldLine(name, value));
    return this;
  }

  /**
   * Adds a line to a field, like {@link addField}, that is also sent if the response becomes an answer to an error, for which the
   * others are dropped: for fields that tell clients how to treat any answer, such as those of CORS.
   * @throws as {@link setField}.
   */
  addLastingField(name: string, value: FieldValue): this {
    const before = this.lines?.length ?? 0;
    this.addField(name, value);
    const lines = this.lines ?? [];
    this.lastingLines ??= [];
    for (let i = before; i < lines.length; i++) this.lastingLines.push(lines[i] as FieldLine);
    return this;
  }

  /** @throws HTTPSequenceError the head was sent. */
  removeField(name: string): this {
    this.requireHead();
    this.lines = without(this.lines ?? [], checkFieldName(name));
    return this;
  }

  /** The values of the lines of a field that was set. */
  fields(name: string): string[] {
    const lower = checkFieldName(name);
    return (this.lines ?? []).filter((line) => line.lower === lower).map(({ value }) => value);
  }

  /** Whether a field was set. */
  has(name: string): boolean {
    return this.lines !== undefined && hasField(this.lines, checkFieldName(name));
  }

  /**
   * Sets a field of the trailer section, which follows chunked content. Content with a Content-Length that was set, and clients of
   * HTTP/1.0, have none. The Trailer field announces it if it is set before the head is sent.
   * @throws InvalidHTTPOutputError @throws HTTPSequenceError the response is complete.
   */
  setTrailer(name: string, value: FieldValue): this {
    const lower = checkFieldName(name);
    if (this.ended && this.headSent) throw responseComplete();
    if (HEAD_FIELDS.has(lower)) {
      throw new InvalidHTTPOutputError(`trailer field ${name}`, 'belongs in the head');
    }
    const kept = without(this.trailerLines ?? [], lower);
    addLines(kept, name, value);
    this.trailerLines = kept;
    return this;
  }

  protected requireHead(): void {
    if (!this.headSent) return;
    throw new HTTPSequenceError(
      'the head of the response was sent: set its status and fields before, and answer each request once',
    );
  }

  /** The status that the conditions of the request make of this one. The validators are those that were set. */
  protected get conditionalStatus(): number {
    if (!this.hasValidator || this.code !== 200) return this.code;
    const [entityTag] = this.fields('etag');
    const [lastModified] = this.fields('last-modified');
    const { wallTime } = this.connection.service;
    return conditionalStatus(this.request, entityTag, lastModified, wallTime);
  }

  /** @internal Whether the head is ASCII. */
  get isAscii(): boolean {
    return this.lines === undefined || areAscii(this.lines);
  }

  /**
   * Decides about status, framing and the end of the connection: {@link ReadyHead} is what the connection then writes.
   * @param length Of the content, or {@link UNKNOWN}.
   */
  protected prepare(length: number): void {
    const status = this.conditionalStatus;
    const isChanged = status !== this.code;
    if (isChanged) this.becomeConditional(status as 304 | 412);
    const { lines, request, code } = this;
    this.isEmpty = code === RESET_CONTENT || (isChanged && code === 412);
    this.isAnnounced = lines !== undefined && hasField(lines, 'content-length');
    const hasLength = this.isAnnounced || length !== UNKNOWN;
    const framing = this.isEmpty ? 'none' : responseFraming(request, code, hasLength);
    this.frame(framing);
    if (framing === 'none' && isTunnel(request, code)) this.closes = true;
    else if (this.isAnnounced && framing === 'length') this.announce(length);
  }

  /** Fixes how the content ends, and whether the connection does. */
  protected frame(framing: Framing): void {
    this.framing = framing;
    if (framing === 'close' || !this.connection.keepsAlive(this.request)) this.closes = true;
  }

  private announce(length: number): void {
    const [value] = this.fields('content-length');
    this.announced = Number(value);
    this.remaining = this.announced;
    if (length !== UNKNOWN && length !== this.announced) {
      throw new HTTPContentLengthError(this.announced, length);
    }
  }

  private addLine(line: FieldLine): void {
    if (NOTED_FIELDS.has(line.lower) && this.isHandled(line)) return;
    if (this.lines === undefined) this.lines = [line];
    else this.lines.push(line);
  }

  /** Turns the response into a 304 or 412, without the fields that describe the content (RFC 9110 section 15.4.5). */
  private becomeConditional(status: 304 | 412): void {
    this.code = status;
    this.lines = (this.lines ?? []).filter(({ lower }) => !CONTENT_FIELDS.has(lower));
  }

  /** Notes the fields that decide about framing, the connection and 304. @returns Whether the server adds it itself. */
  private isHandled({ lower, value }: FieldLine): boolean {
    if (lower === 'etag' || lower === 'last-modified') {
      this.hasValidator = true;
      return false;
    }
    if (lower === 'content-length') {
      if (/^\d{1,15}$/.test(value) && !hasField(this.lines ?? [], lower)) return false;
      throw new InvalidHTTPOutputError('field Content-Length', 'is not one whole number');
    }
    // RFC 9110 section 15.5.22: the answer names the protocol to use.
    if (lower === 'upgrade' && this.code === 426) return false;
    if (lower !== 'connection' || value.toLowerCase() !== 'close') {
      const reason =
        lower === 'trailer'
          ? 'is set by the server: call setTrailer before write'
          : 'is set by the server';
      throw new InvalidHTTPOutputError(`field ${lower}`, reason);
    }
    this.closes = true;
    return true;
  }
}

export function responseComplete(): HTTPSequenceError {
  return new HTTPSequenceError(
    'the response is complete: write before it ends, and answer each request once',
  );
}
