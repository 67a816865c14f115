/** The state that the connections of one server share. */
import type { Clock } from '../core/clock.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import { reportError } from '../internal/error-report.js';
import { IdleTimeouts } from '../policies/idle-timeouts.js';
import { RequestParser } from '../protocols/http/request-parser.js';
import { CompressedResponse } from './compressed-response.js';
import { DateLine } from './date-line.js';
import { checkErrorPage, type ErrorPage, plainErrorPage } from './error-pages.js';
import type { HTTPRequest } from './http-request.js';
import { HTTPResponse } from './http-response.js';
import { type HTTP2Service, http2Service } from './http2/server-settings.js';
import type { ResponseConnection, ResponseService } from './response-connection.js';
import type { ResponseEndings } from './response-endings.js';
import { ResponseLogs } from './response-log.js';
import type { ConnectionRegistry, ServedConnection } from './served-connection.js';
import type { HTTPServerSettings } from './server-settings.js';

/**
 * Answers a request. If it returns a promise, its rejection counts as an exception, and the response must have begun when it is
 * fulfilled. Otherwise the answer may also be given later, after it has returned.
 *
 * An exception is answered with 500 and reported; a {@link HTTPStatusError}, and an error of the request that the handler did not
 * catch, with its status. If the head was already sent, the connection is reset.
 */
export type HTTPHandler = (request: HTTPRequest, response: HTTPResponse) => unknown;

/** A protocol that takes the place of the HTTP connection after an upgrade, so that the latter needs no more memory. */
export interface ServedProtocol extends StreamProtocol, ServedConnection {
  /** @param registry To be told of the end of the connection. */
  countedBy(registry: ConnectionRegistry): void;
}

/** Makes the response to a request, for servers with responses of their own. */
export type ResponseMaker = (connection: ResponseConnection, request: HTTPRequest) => HTTPResponse;

const MAX_SPARE_PARSERS = 16;

export class HTTPService implements ConnectionRegistry, ResponseService {
  readonly handler: HTTPHandler;
  readonly settings: HTTPServerSettings;
  readonly timeouts: IdleTimeouts;
  readonly date: DateLine;
  readonly connections: Set<ServedConnection> = new Set();
  /** Whether each response is the last of its connection. */
  draining = false;
  /** Called when draining begins. */
  readonly whenDraining: Set<() => void> = new Set();
  /** Called when the last connection has ended. */
  whenEmpty: (() => void) | undefined = undefined;
  /** If there is an access log. */
  readonly logs: ResponseLogs | undefined;
  readonly clock: Clock;
  /** Undefined if HTTP/2 is not served. */
  readonly http2: HTTP2Service | undefined;
  private readonly makeResponse: ResponseMaker;
  /** A connection has a parser only while it has part of a request. */
  private readonly spareParsers: RequestParser[] = [];

  /** @param makeResponse Default: HTTPResponse, or CompressedResponse if the settings have compression. */
  constructor(
    clock: Clock,
    handler: HTTPHandler,
    settings: HTTPServerSettings,
    makeResponse?: ResponseMaker,
  ) {
    this.handler = handler;
    this.settings = settings;
    this.makeResponse = makeResponse ?? responseMaker(settings);
    this.clock = clock;
    this.timeouts = new IdleTimeouts(clock);
    this.http2 = settings.http2 && http2Service(clock, settings.http2);
    this.date = new DateLine(clock, this.settings.wallClock);
    const { accessLog, wallClock } = this.settings;
    this.logs = accessLog && new ResponseLogs(accessLog, clock, wallClock);
    this.spareParsers.push(new RequestParser(this.settings.parserOptions));
  }

  get dateLine(): string {
    return this.date.line;
  }

  get wallTime(): number {
    return this.settings.wallClock();
  }

  /** Calls a function when draining begins, at once if it has begun. @returns Cancels it. */
  onDraining(callback: () => void): () => void {
    if (this.draining) callback();
    else this.whenDraining.add(callback);
    return () => void this.whenDraining.delete(callback);
  }

  responseTo(connection: ResponseConnection, request: HTTPRequest): HTTPResponse {
    const response = this.makeResponse(connection, request);
    if (this.logs !== undefined) response.log = this.logs.begin(request);
    return response;
  }

  /** The page of the option; if that fails, the plain one. */
  errorPage(status: number, request: HTTPRequest | undefined): ErrorPage {
    const { errorPage } = this.settings;
    try {
      return checkErrorPage(errorPage(status, request));
    } catch (error) {
      reportError(error, 'error page', request?.remoteAddress);
      return plainErrorPage(status, request);
    }
  }

  takeParser(): RequestParser {
    return this.spareParsers.pop() ?? new RequestParser(this.settings.parserOptions);
  }

  /** Parsers are made anew, with the options that the settings have now. */
  forgetParsers(): void {
    this.spareParsers.length = 0;
  }

  /** Heads that the parser read are invalid from now on, unless they were kept. */
  returnParser(parser: RequestParser): void {
    parser.restart();
    if (this.spareParsers.length < MAX_SPARE_PARSERS) this.spareParsers.push(parser);
  }

  /** @param endings Of the response that ended by the upgrade: they wait for the end of the connection. */
  replace(
    connection: ServedConnection,
    successor: ServedProtocol,
    endings: ResponseEndings | undefined,
  ): void {
    this.connections.delete(connection);
    this.connections.add(successor);
    successor.countedBy(endings === undefined ? this : endings.before(this));
  }

  remove(connection: ServedConnection): void {
    this.connections.delete(connection);
    if (this.connections.size > 0) return;
    this.date.stop();
    this.whenEmpty?.();
  }
}

function responseMaker({ compression }: HTTPServerSettings): ResponseMaker {
  if (compression === undefined) {
    return (connection, request) => new HTTPResponse(connection, request);
  }
  return (connection, request) => new CompressedResponse(connection, request, compression);
}
