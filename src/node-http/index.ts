/** The entry point `ropewalk/node-http`: the server of `node:http` over a reactor, for the frameworks that expect it. */

export {
  METHODS,
  maxHeaderSize,
  STATUS_CODES,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
export { IncomingMessage } from './incoming-message.js';
export { createServer, type RequestListener, Server } from './server.js';
export type { EngineOptions, ServerOptions } from './server-options.js';
export { ServerResponse } from './server-response.js';
export { Socket } from './socket.js';
