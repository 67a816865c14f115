/**
 * HTTP/2 (RFC 9113) with HPACK (RFC 7541), both roles, without I/O: bytes to events and calls to bytes. With extended CONNECT (RFC 8441) and
 * extensible priorities (RFC 9218).
 *
 * Omitted on purpose: server push, which is refused; the priorities of RFC 7540, which RFC 9113 deprecates; the upgrade from HTTP/1.1, which
 * it removed. Messages that the HTTP/1 core refuses because recipients differ in them are malformed here too.
 */
export { HTTP2Connection } from './connection.js';
export type { ConnectionPhase } from './connection-state.js';
export {
  HPACK_RULES,
  HPACKError,
  type HPACKRule,
  HTTP2_LIMITS,
  HTTP2_RULES,
  HTTP2Error,
  type HTTP2Limit,
  HTTP2LimitError,
  HTTP2ProtocolError,
  type HTTP2Rule,
  HTTP2SequenceError,
} from './errors.js';
export type { HTTP2Event } from './events.js';
export type { HTTP2Output } from './frame-serializer.js';
export { HTTP2Fields, HTTP2RequestHead, HTTP2ResponseHead, type RequestTarget } from './heads.js';
export type { HTTP2Options } from './limits.js';
export { CheckedFields, type HTTP2OutputFields } from './output-fields.js';
export type { HTTP2Priority } from './priority.js';
export type { PeerSettings } from './settings.js';
export { HTTP2Stream } from './stream.js';
