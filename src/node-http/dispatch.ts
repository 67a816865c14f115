/** What `node:http` does with a request before its listeners: upgrades, expectations, limits per connection. */
import { type Channel, channel } from 'node:diagnostics_channel';
import type { Server as NodeServer } from 'node:http';
import type { HTTPRequest } from '../http/http-request.js';
import type { HTTPResponse } from '../http/http-response.js';
import type { Connection } from './connection.js';
import type { Exchange, ExchangeServer } from './exchange.js';
import { type IncomingMessage, requestOf } from './incoming-message.js';
import type { OpenResponse } from './open-response.js';
import { RESPONSE_EVENTS } from './response-content.js';
import type { ShouldUpgrade } from './server-options.js';
import type { ResponseSettings, ServerResponse } from './server-response.js';

/** Node's own channels, for the programs that watch its servers. */
const STARTED: Channel = channel('http.server.request.start');
const FINISHED: Channel = channel('http.server.response.finish');

const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i;

export type MessageClass = new (
  socket: IncomingMessage['socket'],
  request: HTTPRequest,
  joinDuplicateHeaders: boolean,
) => IncomingMessage;

export type ResponseClass = new (
  request: IncomingMessage,
  exchange: Exchange,
  settings: ResponseSettings,
) => ServerResponse;

/** The server, whose properties programs change at any time. */
export interface DispatchingServer extends NodeServer {
  readonly maxRequestsPerSocket: number | null;
  readonly joinDuplicateHeaders?: boolean;
  readonly shouldUpgradeCallback: ShouldUpgrade;
  readonly rejectNonStandardBodyWrites?: boolean;
}

export class Dispatcher implements ExchangeServer {
  private readonly server: DispatchingServer;
  private readonly Message: MessageClass;
  private readonly Response: ResponseClass;
  private readonly unique: ReadonlySet<string> | undefined;

  constructor(
    server: DispatchingServer,
    Message: MessageClass,
    Response: ResponseClass,
    unique: readonly string[] | undefined,
  ) {
    this.server = server;
    this.Message = Message;
    this.Response = Response;
    this.unique = unique && new Set(unique.map((name) => name.toLowerCase()));
  }

  /** The handler of the engine. It returns nothing: programs answer whenever they want, as with `node:http`. */
  begin(request: HTTPRequest, response: HTTPResponse): void {
    const exchange = response as Exchange;
    const { server } = this;
    const { link } = exchange;
    const { head } = request;
    const message = new this.Message(
      link.socket as IncomingMessage['socket'],
      request,
      server.joinDuplicateHeaders === true,
    );
    if (head.hasUpgrade || head.method === 'CONNECT') {
      if (this.upgrade(message, link)) return;
      message.upgrade = false;
    }
    const result = new this.Response(message, exchange, this.settings);
    const open = result as unknown as OpenResponse;
    link.socket._httpMessage = result;
    open.socket = link.socket;
    exchange.response = result;
    exchange.listener = RESPONSE_EVENTS;
    if (request.hasContent && server.requestTimeout > 0) link.contentBegins();
    if (STARTED.hasSubscribers) this.publishStart(message, result);
    if (FINISHED.hasSubscribers) exchange.server = this;
    const max = server.maxRequestsPerSocket;
    if (max && head.version === '1.1' && countRequest(open, link, max)) this.drop(message, open);
    else if (head.has('expect') && head.version === '1.1') this.expect(message, open, request);
    else server.emit('request', message, result);
  }

  responseFinished(request: unknown, response: unknown): void {
    const { socket } = request as IncomingMessage;
    FINISHED.publish({ request, response, socket, server: this.server });
  }

  private get settings(): ResponseSettings {
    const { keepAliveTimeout, maxRequestsPerSocket, rejectNonStandardBodyWrites } = this.server;
    return {
      keepAliveTimeout,
      maxRequestsPerSocket,
      rejectNonStandardBodyWrites: rejectNonStandardBodyWrites === true,
      uniqueHeaders: this.unique,
    };
  }

  private publishStart(request: IncomingMessage, response: ServerResponse): void {
    STARTED.publish({ request, response, socket: request.socket, server: this.server });
  }

  /** @returns Whether the socket was given away or closed. */
  private upgrade(message: IncomingMessage, link: Connection): boolean {
    const { server } = this;
    const event = message.method === 'CONNECT' ? 'connect' : 'upgrade';
    if (event === 'upgrade' && !server.shouldUpgradeCallback(message)) return false;
    if (server.listenerCount(event) === 0) {
      link.closeConnection();
      return true;
    }
    const { socket } = link;
    const head = link.give(requestOf(message));
    try {
      server.emit(event, message, socket, head);
    } catch (error) {
      // The engine reports it. Nobody may listen to errors of the socket, and then another one would end the process.
      socket.destroy();
      throw error;
    }
    return true;
  }

  /** The client has ignored `Connection: close`. */
  private drop(message: IncomingMessage, response: OpenResponse): void {
    this.server.emit('dropRequest', message as never, message.socket as never);
    response.writeHead(503);
    response.end();
  }

  private expect(message: IncomingMessage, response: OpenResponse, request: HTTPRequest): void {
    const { server } = this;
    if (CONTINUE.test(message.headers.expect ?? '')) {
      // The program gives the permission, not the engine when the reading begins.
      request.isPermitted = true;
      response._expect_continue = true;
      if (server.listenerCount('checkContinue') > 0) {
        server.emit('checkContinue', message, response as never);
      } else {
        response.writeContinue();
        server.emit('request', message, response as never);
      }
    } else if (server.listenerCount('checkExpectation') > 0) {
      server.emit('checkExpectation', message, response as never);
    } else {
      response.writeHead(417);
      response.end();
    }
  }
}

/**
 * `maxRequestsPerSocket`: the answer to the last request has `Connection: close`, and the client closes.
 * @returns Whether there were too many requests.
 */
function countRequest(response: OpenResponse, link: Connection, max: number): boolean {
  link.requestCount += 1;
  response.maxRequestsOnConnectionReached = max <= link.requestCount;
  return max < link.requestCount;
}
