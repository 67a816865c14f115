/**
 * One request on its way through a proxy: from the client's request to a server, and from its response to the client. It is retried only
 * if that is safe: see {@link Exchange.mayRetry}.
 *
 * One exists for each request, so private fields are TypeScript's.
 */
import type { Clock, DelayedCall } from '../core/clock.js';
import { ConnectTimeoutError } from '../core/errors/connecting.js';
import { ConnectionClosed } from '../core/errors/connection.js';
import type { HTTPClientConnection } from '../http/client/client-connection.js';
import { isIdempotent } from '../http/client/client-request.js';
import type { HTTPConnectionPool } from '../http/client/connection-pool.js';
import type { ConnectionWaiter, HTTPOrigin } from '../http/client/connection-source.js';
import {
  HTTPPoolClosedError,
  HTTPPoolFullError,
  HTTPResponseTimeoutError,
} from '../http/client/errors.js';
import type { RequestFacts, ResponseReceiver } from '../http/client/response-receiver.js';
import type { HTTPRequest } from '../http/http-request.js';
import type { HTTPResponse } from '../http/http-response.js';
import { RelayEnd } from '../policies/relay.js';
import type { FieldSection } from '../protocols/http/field-section.js';
import type { ResponseHead } from '../protocols/http/heads.js';
import { RequestSerializer } from '../protocols/http/request-serializer.js';
import { DestinationRefusedError } from './errors.js';
import {
  INFORMATIONAL,
  NameFilter,
  OF_SERVERS,
  passedOn,
  REQUEST_TRAILERS,
  TRAILERS,
} from './forwarded-fields.js';
import { type ContentTarget, RequestContent } from './request-content.js';
import { openTunnel } from './tunnel.js';

const CONTINUE = 100;
const SWITCHING_PROTOCOLS = 101;
const UNKNOWN_LENGTH = -1;

/** The part of a proxy that its requests share. */
export interface ExchangeOwner {
  readonly clock: Clock;
  readonly pool: HTTPConnectionPool;
  /** Most attempts for one request. */
  readonly maxAttempts: number;
  /** Time after which content is sent to a server that has not permitted it. */
  readonly continueTimeoutMs: number;
  readonly tunnelIdleTimeoutMs: number;
  /** The head of a request, with its framing: a character per octet. */
  headFor(exchange: Exchange, origin: HTTPOrigin): string;
  factsFor(request: HTTPRequest): RequestFacts;
  /** Lines to add to a response. */
  responseLines(head: ResponseHead): string;
  /** An attempt begins, and ends. */
  began(origin: HTTPOrigin): void;
  ended(origin: HTTPOrigin): void;
  /** The server has answered. */
  answered(origin: HTTPOrigin, status: number): void;
  /** Where to try next after the failure of the last that was tried. Undefined: nowhere. */
  next(tried: readonly HTTPOrigin[], error: unknown): HTTPOrigin | undefined;
  /**
   * An attempt has failed.
   * @param status That is answered to the client; undefined if the request is tried again, or the response had begun.
   */
  failed(exchange: Exchange, origin: HTTPOrigin, error: unknown, status: number | undefined): void;
}

export class Exchange implements ResponseReceiver, ConnectionWaiter, ContentTarget {
  /** Backpressure pauses the connection instead, so that received bytes need no copy. */
  readonly wantsContent = true;
  readonly request: HTTPRequest;
  /** The target of the request to the server. */
  readonly target: string;
  /** The attempts so far. */
  attempts = 0;
  private readonly owner: ExchangeOwner;
  private readonly response: HTTPResponse;
  private origin: HTTPOrigin;
  private tried: HTTPOrigin[] | undefined = undefined;
  private connection: HTTPClientConnection | undefined = undefined;
  private serializer: RequestSerializer | undefined = undefined;
  private leaveQueue: (() => void) | undefined = undefined;
  private content: RequestContent | undefined = undefined;
  private permission: DelayedCall | undefined = undefined;
  /** `tunnel`: only the end of the connection is awaited. */
  private state: 'open' | 'tunnel' | 'over' = 'open';

  constructor(
    owner: ExchangeOwner,
    request: HTTPRequest,
    response: HTTPResponse,
    origin: HTTPOrigin,
    target: string,
  ) {
    this.owner = owner;
    this.request = request;
    this.response = response;
    this.origin = origin;
    this.target = target;
  }

  /** Does nothing if the client has gone, or was answered, while a wrapper or a rule was waited for. */
  start(): void {
    if (this.response.ended) return;
    this.response.whenEnded(() => this.clientEnded());
    this.attempt();
  }

  connected(connection: HTTPClientConnection): void {
    const { request, owner } = this;
    this.leaveQueue = undefined;
    const head = owner.headFor(this, this.origin);
    this.connection = connection;
    connection.start(this, owner.factsFor(request));
    const serializer = new RequestSerializer(connection);
    if (!request.hasContent) {
      serializer.relayHead(head, 'none');
      this.sent(connection);
      return;
    }
    this.serializer = serializer;
    serializer.relayHead(head, request.head.isChunked ? 'chunked' : (request.contentLength ?? 0));
    if (request.head.expectsContinue) {
      const { clock, continueTimeoutMs } = owner;
      this.permission = clock.callLater(continueTimeoutMs, () => this.readContent());
    } else this.readContent();
  }

  connectFailed(error: unknown): void {
    this.leaveQueue = undefined;
    this.attemptFailed(error, true);
  }

  informed(head: ResponseHead): void {
    if (head.status === CONTINUE) this.readContent();
    else this.response.relayInformational(head.status, passedOn(head, INFORMATIONAL));
  }

  answered(head: ResponseHead): void {
    const { response, owner } = this;
    const { status, contentLength, isChunked } = head;
    owner.answered(this.origin, status);
    this.stopWaiting();
    if (status === SWITCHING_PROTOCOLS) {
      this.switchProtocols(head);
      return;
    }
    const lines = passedOn(head, filterFor(response)) + owner.responseLines(head);
    const length = isChunked ? UNKNOWN_LENGTH : (contentLength ?? UNKNOWN_LENGTH);
    response.relayHead(status, lines, length, head.has('date'));
  }

  /** Of the response. */
  received(data: Buffer): void {
    const { response, connection } = this;
    if (response.write(data) || this.state !== 'open') return;
    connection?.pauseReading();
    response.drained().addCallbacks(
      () => this.connection?.resumeReading(),
      () => undefined,
    );
  }

  ended(trailers: FieldSection | undefined): void {
    const { response } = this;
    this.finish();
    if (trailers !== undefined) {
      for (const [name, value] of trailers.rawFields()) {
        if (!isForbidden(name)) response.setTrailer(name, value);
      }
    }
    response.end();
  }

  failed(error: unknown): void {
    this.connection = undefined;
    this.attemptFailed(error, false);
  }

  /** The server keeps up again. */
  drained(): void {
    this.content?.resume();
  }

  /** @internal Content of the request. */
  contentReceived(data: Buffer): boolean {
    const { connection, serializer } = this;
    if (connection === undefined || serializer === undefined) return true;
    serializer.write(data);
    return !connection.isFull;
  }

  /** @internal */
  contentEnded(): void {
    const { connection, serializer, request } = this;
    if (connection === undefined || serializer === undefined) return;
    const trailers = [...(request.trailers?.rawFields() ?? [])].filter(
      ([name]) => !REQUEST_TRAILERS.drops(name.toLowerCase()),
    );
    serializer.end('', trailers.length === 0 ? undefined : trailers);
    this.sent(connection);
  }

  /** @internal The client has gone, or its request is invalid: the server of this end has answered that. */
  contentFailed(): void {
    this.giveUp();
  }

  /** A connection that the credentials of its client belong to is not used for another client. */
  private sent(connection: HTTPClientConnection): void {
    connection.requestEnded(authenticatesConnection(this.request));
  }

  private attempt(): void {
    const { owner, origin } = this;
    this.attempts += 1;
    owner.began(origin);
    const idle = owner.pool.take(origin);
    if (idle !== undefined) {
      this.connected(idle);
      return;
    }
    try {
      const leave = owner.pool.wait(origin, this, owner.pool.settings.connectTimeoutMs);
      if (this.connection === undefined && this.state === 'open') this.leaveQueue = leave;
    } catch (error) {
      this.attemptFailed(error, true);
    }
  }

  /** The server permits the content, or does not say. */
  private readContent(): void {
    this.stopWaiting();
    if (this.content !== undefined || !this.request.hasContent || this.serializer === undefined)
      return;
    this.content = new RequestContent(this);
    this.content.read(this.request);
  }

  /** @param isUnsent Whether nothing of the request was sent. */
  private attemptFailed(error: unknown, isUnsent: boolean): void {
    if (this.state !== 'open') return;
    const { owner, origin } = this;
    this.stopWaiting();
    const next = this.mayRetry(error, isUnsent) ? this.nextOrigin(error) : undefined;
    owner.ended(origin);
    if (next !== undefined) {
      owner.failed(this, origin, error, undefined);
      this.origin = next;
      this.serializer = undefined;
      this.attempt();
      return;
    }
    this.answerFailure(error);
  }

  private answerFailure(error: unknown): void {
    const { response, owner, origin } = this;
    const status = response.headSent ? undefined : statusOf(error);
    this.state = 'over';
    owner.failed(this, origin, error, status);
    this.content?.leave();
    if (status === undefined) response.abort();
    else response.sendError(status);
  }

  /**
   * Nothing of the response has been sent, none of the content was taken, and either the server has received nothing or the method is
   * idempotent (RFC 9110 section 9.2.2). A server that is slow is not asked again.
   */
  private mayRetry(error: unknown, isUnsent: boolean): boolean {
    if (this.response.headSent || this.content !== undefined) return false;
    if (this.attempts >= this.owner.maxAttempts) return false;
    if (error instanceof HTTPPoolFullError || error instanceof HTTPPoolClosedError) return false;
    if (isUnsent) return true;
    return isIdempotent(this.request.method) && !(error instanceof HTTPResponseTimeoutError);
  }

  private nextOrigin(error: unknown): HTTPOrigin | undefined {
    this.tried ??= [];
    this.tried.push(this.origin);
    this.owner.pool.closeIdle(this.origin);
    return this.owner.next(this.tried, error);
  }

  /** The server has switched to another protocol: both connections become a tunnel. */
  private switchProtocols(head: ResponseHead): void {
    const { connection, response, request, owner } = this;
    if (connection === undefined) return;
    const end = new RelayEnd();
    connection.switchTo(end);
    this.connection = undefined;
    try {
      for (const [name, value] of head.rawFields()) {
        if (!isOfConnection(name)) response.addField(name, value);
      }
      this.state = 'tunnel';
      openTunnel(
        request,
        end,
        head.field('upgrade'),
        owner.pool.timeouts,
        owner.tunnelIdleTimeoutMs,
      );
    } catch (error) {
      end.transport.abortConnection();
      this.state = 'open';
      if (error instanceof ConnectionClosed) this.giveUp();
      else {
        owner.ended(this.origin);
        this.answerFailure(error);
      }
    }
  }

  /** The response is complete, or the client has gone. */
  private clientEnded(): void {
    if (this.state === 'tunnel') {
      this.state = 'over';
      this.owner.ended(this.origin);
    } else this.giveUp();
  }

  private giveUp(): void {
    if (this.state !== 'open') return;
    const { connection, leaveQueue } = this;
    this.finish();
    leaveQueue?.();
    connection?.abandon();
  }

  private finish(): void {
    if (this.state !== 'open') return;
    this.state = 'over';
    this.connection = undefined;
    this.leaveQueue = undefined;
    this.stopWaiting();
    this.owner.ended(this.origin);
    this.content?.leave();
  }

  private stopWaiting(): void {
    if (this.permission === undefined) return;
    if (this.permission.active()) this.permission.cancel();
    this.permission = undefined;
  }
}

/** Fields that wrappers around the proxy have set replace those of the server, except those that may have several lines. */
function filterFor(response: HTTPResponse): NameFilter {
  const names = response.namesOfFields?.filter((name) => name !== 'set-cookie' && name !== 'vary');
  if (names === undefined || names.length === 0) return OF_SERVERS;
  return new NameFilter([...OF_SERVERS.names, ...names]);
}

/** NTLM, and Negotiate (RFC 4559), prove the user of a connection once, not of each request. */
function authenticatesConnection({ head }: HTTPRequest): boolean {
  const credentials = head.field('authorization');
  return credentials !== undefined && /^(?:ntlm|negotiate)(?: |$)/i.test(credentials);
}

function isForbidden(name: string): boolean {
  return TRAILERS.drops(name.toLowerCase());
}

function isOfConnection(name: string): boolean {
  return INFORMATIONAL.drops(name.toLowerCase());
}

/** The status of the answer to the client. */
export function statusOf(error: unknown): number {
  if (error instanceof DestinationRefusedError) return 403;
  if (error instanceof ConnectTimeoutError) return 504;
  if (error instanceof HTTPResponseTimeoutError) return error.status;
  const isUnavailable = error instanceof HTTPPoolFullError || error instanceof HTTPPoolClosedError;
  return isUnavailable ? error.status : 502;
}
