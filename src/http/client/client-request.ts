/** A request as callers describe it, checked and serialized. */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import {
  checkAbortSignal,
  checkBoolean,
  checkFunction,
  checkString,
} from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { checkTimeout } from '../../policies/idle-timeouts.js';
import { HTTPSequenceError } from '../../protocols/http/errors.js';
import { FieldBlock, type HTTPFields } from '../../protocols/http/field-block.js';
import {
  contentBytes,
  type HTTPContent,
  type HTTPOutput,
} from '../../protocols/http/message-serializer.js';
import type { ReceivedResponseHead } from '../../protocols/http/received-fields.js';
import {
  type RequestHeadOptions,
  RequestSerializer,
} from '../../protocols/http/request-serializer.js';
import { isProtocolName } from '../upgrade.js';
import type { RequestFacts } from './response-receiver.js';
import type { HTTPRequestTimes, PoolSettings } from './settings.js';

/** Content in pieces. Each is taken when the server has accepted the ones before. */
export type ContentPieces = Iterable<HTTPContent> | AsyncIterable<HTTPContent>;

export interface HTTPClientRequest extends HTTPRequestTimes {
  /** Default `GET`. Case-sensitive. */
  readonly method?: string;
  /** In the form that the method and the recipient require (RFC 9112 section 3.2): percent-encoded, without a fragment. Default `/`. */
  readonly target?: string;
  /** Besides Content-Length and Transfer-Encoding. A FieldBlock must have Host; otherwise it is added if it is missing. */
  readonly fields?: HTTPFields;
  /** Text is sent in UTF-8. Pieces can be sent once, so that such a request is never repeated. Default: none. */
  readonly content?: HTTPContent | ContentPieces;
  /** The length of content in pieces, in bytes: 0 to 2^53 - 1. Default: unknown, the content is chunked. */
  readonly contentLength?: number;
  /** Called for the trailer section behind chunked content in pieces, when they have been sent. Default: none. */
  readonly trailers?: () => Exclude<HTTPFields, FieldBlock>;
  /**
   * The protocol to switch to, such as `websocket`: adds Connection and Upgrade. If the server agrees, the response has the status 101:
   * see {@link HTTPClientResponse.switchTo}. Default: none.
   */
  readonly upgrade?: string;
  /**
   * Sends `Expect: 100-continue`, and the content when the server permits that, or after this time in milliseconds. Such a request is never
   * repeated. Default: the content is sent at once.
   */
  readonly continueTimeoutMs?: number;
  /**
   * Whether the request may be sent twice, if the server closes a used connection without an answer. Default: whether its method is GET,
   * HEAD, OPTIONS, TRACE, PUT or DELETE. Pieces are never sent twice.
   */
  readonly idempotent?: boolean;
  /** Time from the call to the end of the response, in milliseconds, greater than 0. Default: no limit. */
  readonly totalTimeoutMs?: number;
  /** Cancels the request, or aborts its response; its reason is the `cause` of the CancelledError. */
  readonly signal?: AbortSignal;
  /** Called for each informational response except 100 and 101. The head is valid until it returns. */
  readonly onInformational?: (head: ReceivedResponseHead) => void;
}

const NAMES: OptionNames<HTTPClientRequest> = {
  method: true,
  target: true,
  fields: true,
  content: true,
  contentLength: true,
  trailers: true,
  upgrade: true,
  continueTimeoutMs: true,
  idempotent: true,
  totalTimeoutMs: true,
  signal: true,
  onInformational: true,
  connectTimeoutMs: true,
  headTimeoutMs: true,
  bodyIdleTimeoutMs: true,
  unreadTimeoutMs: true,
  writeTimeoutMs: true,
};

/** RFC 9110 section 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PUT',
  'DELETE',
]);

/** Whether a request with this method may be sent twice. */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/** A request whose head is made. Its serializer writes to the connection of the attempt, of which there may be two. */
export class PreparedRequest implements HTTPOutput {
  readonly facts: RequestFacts;
  readonly connectTimeoutMs: number;
  readonly totalTimeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly continueTimeoutMs: number | undefined;
  readonly target: string;
  /** With Host. */
  readonly fields: FieldBlock;
  /** The content, unless it is in pieces. */
  readonly whole: HTTPContent | undefined;
  /** The length of content in pieces, if it is known. */
  readonly contentLength: number | undefined;
  readonly pieces: ContentPieces | undefined;
  readonly trailers: HTTPClientRequest['trailers'];
  readonly onInformational: HTTPClientRequest['onInformational'];
  /** Whether it can be sent again. */
  readonly isRepeatable: boolean;
  readonly serializer: RequestSerializer = new RequestSerializer(this);
  /** Where to write; undefined: into `prefix`. */
  output: HTTPOutput | undefined = undefined;
  /** The head, and the content unless it is in pieces. */
  readonly prefix: (string | Uint8Array)[] = [];

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError, and the errors of the serializer. */
  constructor(authority: string, request: HTTPClientRequest, settings: PoolSettings) {
    checkOptions('the HTTP request', request, NAMES);
    const { method = 'GET', target = '/', content = '', upgrade, totalTimeoutMs } = request;
    const { idempotent, continueTimeoutMs, trailers, onInformational, signal } = request;
    if (signal !== undefined) checkAbortSignal('signal', signal);
    if (idempotent !== undefined) checkBoolean('idempotent', idempotent);
    if (trailers !== undefined) checkFunction('trailers', trailers);
    if (onInformational !== undefined) checkFunction('onInformational', onInformational);
    if (continueTimeoutMs !== undefined) checkTimeout('continueTimeoutMs', continueTimeoutMs);
    if (totalTimeoutMs !== undefined) checkTimeout('totalTimeoutMs', totalTimeoutMs);
    const time = (name: keyof HTTPRequestTimes): number =>
      request[name] === undefined ? settings[name] : checkTimeout(name, request[name]);
    this.facts = {
      method: checkString('method', method),
      hasUpgrade: upgrade !== undefined,
      headTimeoutMs: time('headTimeoutMs'),
      bodyIdleTimeoutMs: time('bodyIdleTimeoutMs'),
      unreadTimeoutMs: time('unreadTimeoutMs'),
      writeTimeoutMs: time('writeTimeoutMs'),
    };
    this.connectTimeoutMs = time('connectTimeoutMs');
    this.totalTimeoutMs = totalTimeoutMs;
    this.signal = signal;
    this.trailers = trailers;
    this.onInformational = onInformational;
    this.continueTimeoutMs = continueTimeoutMs;
    const fields = fieldsOf(authority, request, continueTimeoutMs !== undefined);
    const { serializer } = this;
    if (isWhole(content)) {
      if ((request.contentLength ?? trailers) !== undefined) {
        throw new HTTPSequenceError('contentLength and trailers belong to content in pieces');
      }
      this.pieces = continueTimeoutMs === undefined ? undefined : [content];
    } else this.pieces = checkPieces(content);
    this.target = target;
    this.fields = fields;
    this.whole = this.pieces === undefined && isWhole(content) ? content : undefined;
    this.contentLength = isWhole(content) ? contentBytes(content) : request.contentLength;
    this.isRepeatable = this.pieces === undefined && (idempotent ?? isIdempotent(method));
    if (!isWhole(content)) serializer.head(method, target, fields, lengthOf(request.contentLength));
    else if (this.pieces === undefined) serializer.request(method, target, fields, content);
    else serializer.head(method, target, fields, lengthOf(contentBytes(content)));
  }

  write(data: string | Uint8Array): void {
    if (this.output === undefined) this.prefix.push(data);
    else this.output.write(data);
  }
}

function lengthOf(contentLength: number | undefined): RequestHeadOptions {
  return { contentLength };
}

function isWhole(content: unknown): content is HTTPContent {
  return typeof content === 'string' || content instanceof Uint8Array;
}

function checkPieces(content: ContentPieces): ContentPieces {
  const { [Symbol.iterator]: each, [Symbol.asyncIterator]: later } = (content ?? {}) as Partial<
    Iterable<HTTPContent> & AsyncIterable<HTTPContent>
  >;
  if (typeof each === 'function' || typeof later === 'function') return content;
  throw new InvalidArgumentTypeError('content', 'text, bytes, or an iterable of them', content);
}

/** The fields that are sent, with Host. */
function fieldsOf(
  authority: string,
  { fields = [], upgrade }: HTTPClientRequest,
  expects: boolean,
): FieldBlock {
  if (upgrade === undefined && !expects && fields instanceof FieldBlock) return fields;
  if (fields instanceof FieldBlock) {
    const expected = 'an object or a list of names and values, with upgrade and continueTimeoutMs';
    throw new InvalidArgumentValueError('fields', expected, fields);
  }
  const given = Array.isArray(fields)
    ? (fields as readonly (readonly [string, string])[])
    : Object.entries(fields as Readonly<Record<string, string | readonly string[]>>);
  const all: [name: string, value: string | readonly string[]][] = [];
  const isHost = ([name]: readonly [string, unknown]): boolean =>
    typeof name === 'string' && name.toLowerCase() === 'host';
  if (!given.some(isHost)) all.push(['Host', authority]);
  for (const [name, value] of given) all.push([name, value]);
  if (upgrade !== undefined) {
    if (!isProtocolName(checkString('upgrade', upgrade))) {
      throw new InvalidArgumentValueError('upgrade', 'a protocol such as "websocket"', upgrade);
    }
    all.push(['Connection', 'Upgrade'], ['Upgrade', upgrade]);
  }
  if (expects) all.push(['Expect', '100-continue']);
  return new FieldBlock(all as unknown as readonly (readonly [string, string])[]);
}
