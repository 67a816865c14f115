/**
 * WebSocket (RFC 6455) without I/O: the parts that clients and servers are built from. Both roles, with fragmentation; extensions
 * other than permessage-deflate (RFC 7692) and WebSockets over HTTP/2 (RFC 8441) are not supported.
 */
export {
  type AgreedHandshake,
  ClientHandshake,
  type ClientHandshakeOptions,
} from './client-handshake.js';
export { type ConnectionCodec, type WebSocketCodecOptions, WebSocketCodecs } from './codec.js';
export { WebSocketConnection, type WebSocketState } from './connection.js';
export { MessageDeflater, MessageInflater } from './deflate.js';
export {
  WebSocketCompressionError,
  WebSocketError,
  WebSocketFloodError,
  WebSocketFragmentError,
  WebSocketFrameError,
  WebSocketMessageTooLongError,
  WebSocketNotOpenError,
  WebSocketRequestError,
  WebSocketResponseError,
  WebSocketTextError,
} from './errors.js';
export type {
  MessageDecompressor,
  WebSocketEvent,
  WebSocketLimits,
  WebSocketRole,
} from './events.js';
export type { HandshakeFields, HandshakeRequest, HandshakeResponse } from './handshake-heads.js';
export { randomMaskingKeys } from './masking-keys.js';
export { MessageParser, type MessageParserOptions } from './parser.js';
export type {
  PermessageDeflateOptions,
  PermessageDeflateParameters,
} from './permessage-deflate.js';
export { PreparedMessage } from './prepared-message.js';
export { type ByteSink, FrameSerializer, type MaskingKeySource } from './serializer.js';
export {
  type AllowedOrigins,
  acceptRequest,
  isWebSocketRequest,
  type ServerHandshake,
  type ServerHandshakeOptions,
  type SubprotocolChoice,
} from './server-handshake.js';
