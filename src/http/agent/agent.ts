/** A client of HTTP: requests by URL, over connections that are kept. */
import type { Clock } from '../../core/clock.js';
import type { ReactorTCP } from '../../core/reactor-tcp.js';
import type { Deferred } from '../../defer/deferred.js';
import { succeed } from '../../defer/succeed.js';
import { checkClock, checkReactorWith } from '../../internal/check.js';
import { HTTPConnectionPool } from '../client/connection-pool.js';
import type { PoolCounts } from '../client/pool-counts.js';
import { AgentCall } from './agent-call.js';
import { type AgentOptions, type AgentSettings, agentSettings } from './agent-options.js';
import { basicAuth } from './basic-auth.js';
import { caching } from './cache/caching.js';
import { AgentConnections } from './connections.js';
import { cookies } from './cookies.js';
import { decoding } from './decoding.js';
import { Delays } from './delays.js';
import { departures, diagnosed } from './diagnostics.js';
import { digestAuth } from './digest-auth.js';
import { type Fetch, fetchOver } from './fetch.js';
import { redirects } from './redirects.js';
import { type AgentRequestOptions, agentRequest, type RequestDetails } from './request-options.js';
import { retries } from './retries.js';
import { checked, compose, type Send } from './send.js';

/**
 * Sends requests and follows their way to the response through layers: see {@link Interceptor}.
 *
 * @example await using agent = new Agent(reactor, { headTimeoutMs: 5_000 });
 * const notes = await agent.get('https://example.com/notes').json<Note[]>();
 */
export class Agent implements AsyncDisposable {
  /**
   * The function `fetch` of the platform, over this agent: it can be passed on as a value. Returns a promise, of a Response whose head has
   * arrived; rejected with a TypeError whose `cause` is the error of {@link request}, or with the reason of the signal.
   */
  readonly fetch: Fetch;
  readonly #clock: Clock;
  readonly #delays: Delays;
  readonly #settings: AgentSettings;
  readonly #pool: HTTPConnectionPool;
  readonly #send: Send;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError, and the errors of TLSClientContext. */
  constructor(reactor: Clock & ReactorTCP, options: AgentOptions = {}) {
    checkReactorWith('connectTCP', reactor);
    checkClock('reactor', reactor);
    const settings = agentSettings(options);
    this.#clock = reactor;
    this.#delays = new Delays(reactor);
    this.#settings = settings;
    this.fetch = fetchOver(this, settings.baseURL);
    this.#pool = settings.pool ?? new HTTPConnectionPool(reactor, settings.poolOptions);
    const connections = new AgentConnections(reactor, this.#pool, settings);
    const layers = [
      departures,
      ...settings.interceptors,
      redirects(reactor, settings),
      basicAuth,
      digestAuth(reactor, settings.maxOrigins),
      retries(this.#delays, settings),
      cookies(settings.cookies),
      decoding(settings),
      ...caching(reactor, settings),
      diagnosed(this, reactor),
    ];
    const last: Send = settings.send ?? ((request) => connections.send(request));
    this.#send = compose(layers, settings.send === undefined ? last : checked(last));
  }

  /** The counts of the pool. */
  get counts(): PoolCounts {
    return this.#pool.counts;
  }

  /**
   * Sends a request.
   *
   * @param url `http:` or `https:`, absolute unless the agent has a `baseURL`.
   * @returns Fires with the response, whatever its status, when its head has arrived. Fails with a ConnectError or an error of TLS; an
   * HTTPPoolFullError or HTTPPoolClosedError; an HTTPResponseTimeoutError; a NoHTTPResponseError; an HTTPMessageError; the
   * reason why the connection ended; an HTTPRedirectError; a CancelledError; the error of the content or of an interceptor.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError; InvalidHTTPOutputError, HTTPContentLengthError,
   * HTTPSequenceError: the request cannot be sent as it is.
   */
  request(url: string | URL, options: AgentRequestOptions = {}): AgentCall {
    return this.#start(url, options, undefined);
  }

  /** {@link request} with the method GET. */
  get(url: string | URL, options: RequestDetails = {}): AgentCall {
    return this.#start(url, options, 'GET');
  }

  head(url: string | URL, options: RequestDetails = {}): AgentCall {
    return this.#start(url, options, 'HEAD');
  }

  post(url: string | URL, options: RequestDetails = {}): AgentCall {
    return this.#start(url, options, 'POST');
  }

  put(url: string | URL, options: RequestDetails = {}): AgentCall {
    return this.#start(url, options, 'PUT');
  }

  patch(url: string | URL, options: RequestDetails = {}): AgentCall {
    return this.#start(url, options, 'PATCH');
  }

  delete(url: string | URL, options: RequestDetails = {}): AgentCall {
    return this.#start(url, options, 'DELETE');
  }

  /**
   * Refuses further requests, ends those that wait for a retry, and closes each connection when the request on it is complete. Does nothing
   * if a pool was given as an option, which stays open.
   * @returns Fires when no connection is left.
   */
  close(): Deferred<void> {
    if (this.#settings.pool !== undefined) return succeed(undefined);
    this.#delays.close();
    return this.#pool.close();
  }

  /** As {@link close}, but requests in progress are cut off. */
  abort(): Deferred<void> {
    if (this.#settings.pool !== undefined) return succeed(undefined);
    this.#delays.close();
    return this.#pool.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #start(url: string | URL, options: AgentRequestOptions, method: string | undefined): AgentCall {
    const request = agentRequest(this.#settings, url, options, method, this.#clock.now());
    const call = new AgentCall(this.#send(request));
    return request.signal === undefined ? call : call.cancelOn(request.signal);
  }
}
