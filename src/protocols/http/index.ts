/**
 * HTTP/1.1 and HTTP/1.0 (RFC 9110, RFC 9112), both roles, without I/O: bytes to messages and back.
 *
 * Strict on purpose: messages that recipients understand differently are refused. Omitted on purpose: transfer codings other than
 * `chunked`, folded field lines, HTTP/0.9, and whitespace that the RFCs call bad.
 */
export {
  HTTP_RULES,
  HTTPContentLengthError,
  type HTTPLimit,
  HTTPLimitError,
  HTTPMessageError,
  type HTTPRole,
  type HTTPRule,
  HTTPSequenceError,
  IncompleteHTTPMessageError,
  InvalidHTTPMessageError,
  InvalidHTTPOutputError,
} from './errors.js';
export { FieldBlock, type FieldRecord, type HTTPFields } from './field-block.js';
export { FieldSection } from './field-section.js';
export { type HTTPVersion, MessageHead, RequestHead, ResponseHead } from './heads.js';
export {
  MAX_REQUEST_CONTENT_BYTES,
  type RequestLimitOptions,
  type RequestParserOptions,
  type ResponseParserOptions,
} from './limits.js';
export type { MessageEvent } from './message-parser.js';
export { type HTTPContent, type HTTPOutput, MessageSerializer } from './message-serializer.js';
export { RequestParser } from './request-parser.js';
export { type RequestHeadOptions, RequestSerializer } from './request-serializer.js';
export { ResponseParser } from './response-parser.js';
export {
  type AnsweredRequest,
  type ResponseHeadOptions,
  ResponseSerializer,
} from './response-serializer.js';
export { reasonPhrase } from './status.js';
export type { TargetForm } from './target.js';
