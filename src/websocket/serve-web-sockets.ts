/** A server of WebSockets on an endpoint. */
import type { Clock } from '../core/clock.js';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import type { StreamServerEndpoint } from '../core/stream-endpoint.js';
import type { SystemEvents } from '../core/system-event.js';
import type { Deferred } from '../defer/deferred.js';
import { HTTPStatusError } from '../http/errors.js';
import { type HTTPServer, serveHttp } from '../http/serve-http.js';
import type { HTTPServerOptions } from '../http/server-settings.js';
import { checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import {
  checkSession,
  SERVER_NAMES,
  WebSocketAcceptor,
  type WebSocketServerOptions,
  type WebSocketSessionLike,
} from './acceptor.js';

export interface ServeWebSocketsOptions extends WebSocketServerOptions {
  /** The path to serve, such as `/chat`; other paths are answered with 404. Default: every path. */
  readonly path?: string;
  /** The limits and times of HTTP, before the connection is a WebSocket. */
  readonly http?: HTTPServerOptions;
}

const OPTIONS: OptionNames<ServeWebSocketsOptions> = { ...SERVER_NAMES, path: true, http: true };

/**
 * Serves WebSockets, and nothing else. To serve both HTTP and WebSockets, use a {@link WebSocketAcceptor} in the handler of
 * `serveHttp`. When the server closes, or the reactor stops, connections are closed with 1001.
 *
 * @example const server = await serveWebSockets(reactor, serverFromString(reactor, 'tcp:8080'), (socket) => {
 *   socket.messageReceived = (message) => socket.send(message);
 * });
 * @returns Fires when it listens. Fails with a CannotListenError.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function serveWebSockets(
  reactor: Clock & SystemEvents,
  endpoint: StreamServerEndpoint,
  session: WebSocketSessionLike,
  options: ServeWebSocketsOptions = {},
): Deferred<HTTPServer> {
  checkOptions('serveWebSockets', options, OPTIONS);
  const { path, http, ...rest } = options;
  checkSession(session, false);
  if (path !== undefined && !checkString('path', path).startsWith('/')) {
    throw new InvalidArgumentValueError('path', 'a path that begins with /', path);
  }
  const acceptor = new WebSocketAcceptor(reactor, rest);
  return serveHttp(
    reactor,
    endpoint,
    (request, response) => {
      if (path !== undefined && request.path !== path) throw new HTTPStatusError(404);
      acceptor.accept(request, response, session);
    },
    http,
  );
}
