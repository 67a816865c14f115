/** A request on its way through the layers of an agent. */
import type { FieldBlock, HTTPFields } from '../../protocols/http/field-block.js';
import type { HTTPContent } from '../../protocols/http/message-serializer.js';
import type { ReceivedResponseHead } from '../../protocols/http/received-fields.js';
import type { ContentPieces } from '../client/client-request.js';
import type { HTTPRequestTimes } from '../client/settings.js';
import type { CacheMode } from './cache-mode.js';
import type { AgentCredentials } from './credentials.js';
import type { FieldList } from './field-list.js';
import type { RedirectMode } from './redirect-mode.js';

/**
 * Content of a request. Text, bytes, and a function that begins the pieces anew at each call can be sent again, by a redirection for
 * example; pieces cannot.
 */
export type AgentContent = HTTPContent | ContentPieces | (() => ContentPieces);

/** Times of a request, each greater than 0, in milliseconds. */
export interface AgentTimes extends HTTPRequestTimes {
  /** Time from the call to the end of the response, everything in between included. Default: no limit. */
  readonly totalTimeoutMs?: number;
}

/**
 * Immutable: a layer passes on a copy, such as `{ ...request, fields: withField(request.fields, 'Accept', 'text/csv') }`.
 */
export interface AgentRequest {
  /** `http:` or `https:`, without user and password. Do not change it. */
  readonly url: URL;
  readonly method: string;
  /** Without Host, unless it differs from the host of `url`, and without Content-Length. */
  readonly fields: FieldList;
  readonly content: AgentContent | undefined;
  /** The length of content in pieces, if it is known. */
  readonly contentLength: number | undefined;
  readonly trailers: (() => Exclude<HTTPFields, FieldBlock>) | undefined;
  /** Whether it may be sent twice. Undefined: if its method is idempotent. */
  readonly idempotent: boolean | undefined;
  readonly continueTimeoutMs: number | undefined;
  readonly onInformational: ((head: ReceivedResponseHead) => void) | undefined;
  readonly signal: AbortSignal | undefined;
  readonly times: AgentTimes;
  readonly redirect: RedirectMode;
  readonly maxRedirects: number;
  /** Whether content is decoded by its Content-Encoding. */
  readonly decode: boolean;
  /** Most retries. */
  readonly retries: number;
  /** Credentials for the origin of `url`. */
  readonly auth: AgentCredentials | undefined;
  /** Whether cookies of the agent's jar are sent and stored. */
  readonly cookies: boolean;
  readonly cache: CacheMode;
  /** The URL of the first request: redirections change `url` only. */
  readonly initiator: URL;
  /** The time of the agent's clock at which the caller made the request. */
  readonly startedMs: number;
}

/** Whether the content can be sent again. */
export function isReplayable({ content }: AgentRequest): boolean {
  return content === undefined || typeof content === 'function' || isWhole(content);
}

/** Text or bytes. */
export function isWhole(content: unknown): content is HTTPContent {
  return typeof content === 'string' || content instanceof Uint8Array;
}
