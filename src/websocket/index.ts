/** The entry point `ropewalk/websocket`: servers and clients of WebSocket (RFC 6455), with permessage-deflate (RFC 7692). */

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
} from '../protocols/websocket/errors.js';
export type { PermessageDeflateOptions } from '../protocols/websocket/permessage-deflate.js';
export { PreparedMessage } from '../protocols/websocket/prepared-message.js';
export {
  type AllowedOrigins,
  isWebSocketRequest,
  type SubprotocolChoice,
} from '../protocols/websocket/server-handshake.js';
export {
  WebSocketAcceptor,
  type WebSocketServerOptions,
  type WebSocketSession,
  type WebSocketSessionLike,
} from './acceptor.js';
export { type ConnectWebSocketOptions, connectWebSocket } from './connect-web-socket.js';
export {
  WebSocketBackpressureError,
  WebSocketClosedError,
  WebSocketReceiveError,
  WebSocketTimeoutError,
} from './errors.js';
export { type ServeWebSocketsOptions, serveWebSockets } from './serve-web-sockets.js';
export type { WebSocketOptions } from './settings.js';
export {
  type PublishOptions,
  WebSocketTopics,
  type WebSocketTopicsObserver,
  type WebSocketTopicsOptions,
} from './topics.js';
export type { WebSocketMessage } from './web-socket-message.js';
export { WebSocketProtocol } from './web-socket-protocol.js';
