/** Handlers in terms of the Web: a Request is answered with a Response (https://fetch.spec.whatwg.org). */
import type { Address } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import type { StreamServerEndpoint } from '../core/stream-endpoint.js';
import type { SystemEvents } from '../core/system-event.js';
import type { Deferred } from '../defer/deferred.js';
import { checkFunction } from '../internal/check.js';
import { SENDERS_FIELDS } from '../protocols/http/connection-fields.js';
import { HTTPStatusError } from './errors.js';
import type { HTTPRequest } from './http-request.js';
import type { HTTPResponse } from './http-response.js';
import type { HTTPHandler } from './http-service.js';
import { type HTTPServer, serveHttp } from './serve-http.js';
import type { HTTPServerOptions } from './server-settings.js';
import { soon } from './soon.js';

/** The facts about a request that a `Request` cannot have. */
export interface FetchContext {
  /** The other end of the connection. */
  readonly remoteAddress: Address;
}

/** Answers a request. Errors count as those of an {@link HTTPHandler}. */
export type FetchHandler = (
  request: Request,
  context: FetchContext,
) => Response | PromiseLike<Response>;

/** Fields whose lines do not replace each other. */
const ADDED_FIELDS: ReadonlySet<string> = new Set(['set-cookie', 'vary']);

/** Fields of the connection, which the server sets. */
const SERVERS_FIELDS: ReadonlySet<string> = new Set([...SENDERS_FIELDS, 'trailer']);

/**
 * An {@link HTTPHandler} that calls a handler of the Web. Content streams both ways, no faster than it is read. The signal of the
 * Request is aborted, and the body of the Response is cancelled, if the client goes. Content that was not read when the Response
 * is complete is dropped.
 *
 * A request without Host, of HTTP/1.0, has the host `localhost`. One that has no valid URL is answered with 400, and a method that a
 * Request cannot have (CONNECT, TRACE, TRACK, and `get` in lower case) with 501. `statusText` and fields of the connection, such as
 * Transfer-Encoding, are not sent.
 *
 * @throws InvalidArgumentTypeError
 */
export function fetchHandler(handler: FetchHandler): HTTPHandler {
  checkFunction('handler', handler);
  return async (request: HTTPRequest, response: HTTPResponse): Promise<void> => {
    const content = new LazyContent(request);
    const web = webRequest(request, content);
    try {
      const { remoteAddress } = request;
      await sendResponse(request, response, checkResponse(await handler(web, { remoteAddress })));
    } finally {
      content.leave();
    }
  };
}

/**
 * Serves HTTP by a handler of the Web: {@link serveHttp} with {@link fetchHandler}.
 *
 * @example await serveFetch(reactor, endpoint, (request) => new Response(`You asked for ${new URL(request.url).pathname}`));
 * @returns Fires when it listens. Fails with a CannotListenError.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function serveFetch(
  reactor: Clock & SystemEvents,
  endpoint: StreamServerEndpoint,
  handler: FetchHandler,
  options: HTTPServerOptions = {},
): Deferred<HTTPServer> {
  return serveHttp(reactor, endpoint, fetchHandler(handler), options);
}

/** Content that is requested from the client when it is first read: a client may wait for that (`Expect: 100-continue`). */
class LazyContent {
  readonly #request: HTTPRequest;
  #iterator: AsyncIterator<Buffer, undefined> | undefined = undefined;

  constructor(request: HTTPRequest) {
    this.#request = request;
  }

  stream(): ReadableStream<Uint8Array> {
    const source = {
      pull: async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
        this.#iterator ??= this.#request[Symbol.asyncIterator]();
        const { done, value } = await this.#iterator.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: (): void => this.leave(),
    };
    return new ReadableStream<Uint8Array>(source, { highWaterMark: 0 });
  }

  /** The rest is not read. */
  leave(): void {
    void this.#iterator?.return?.();
  }
}

/** @throws HTTPStatusError */
function webRequest(request: HTTPRequest, content: LazyContent): Request {
  const { method, signal, host = 'localhost', secure, query } = request;
  const url = `http${secure ? 's' : ''}://${host}${request.path}${query === '' ? '' : `?${query}`}`;
  if (!request.path.startsWith('/')) throw new HTTPStatusError(method === 'CONNECT' ? 501 : 400);
  // With an empty host, the URL parser takes the first name of the path for the host.
  if (host === '' || !URL.canParse(url)) throw new HTTPStatusError(400);
  const headers = new Headers();
  for (const [name, value] of request.rawFields()) headers.append(name, value);
  const hasContent = method !== 'GET' && method !== 'HEAD' && request.hasContent;
  const body = hasContent ? content.stream() : null;
  let web: Request;
  try {
    web = new Request(url, { method, headers, body, signal, duplex: 'half' });
  } catch (cause) {
    throw new HTTPStatusError(501, 'the method cannot be that of a Request', { cause });
  }
  if (web.method !== method) throw new HTTPStatusError(501);
  return web;
}

/** @internal @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkResponse(value: unknown): Response {
  const what = 'the result of the handler';
  if (!(value instanceof Response)) throw new InvalidArgumentTypeError(what, 'a Response', value);
  if (!value.bodyUsed && value.body?.locked !== true) return value;
  const hint = 'its body was read or sent: make a Response for each request, or return its clone()';
  throw new InvalidArgumentValueError(what, 'a Response that was not used', value, hint);
}

/** @internal Sends a Response that has passed {@link checkResponse}. */
export async function sendResponse(
  request: HTTPRequest,
  response: HTTPResponse,
  { status, headers, body }: Response,
): Promise<void> {
  if (response.ended) {
    await body?.cancel();
    return;
  }
  try {
    response.status = status;
    // Set-Cookie is iterated line by line, all others once. They replace fields that were set before.
    for (const [name, value] of headers) {
      if (ADDED_FIELDS.has(name)) response.addField(name, value);
      else if (!SERVERS_FIELDS.has(name)) response.setField(name, value);
    }
  } catch (error) {
    await body?.cancel();
    throw error;
  }
  if (body === null) response.end();
  else await sendBody(request, response, body);
}

/** Cancels the body unless all of it was sent. */
async function sendBody(
  { method, signal }: HTTPRequest,
  response: HTTPResponse,
  body: ReadableStream<Uint8Array>,
): Promise<void> {
  const reader = body.getReader();
  const cancel = (): void => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const first = reader.read();
    const begin = await soon(first);
    const second = begin?.done === false ? reader.read() : undefined;
    const last = second === undefined ? begin : await soon(second);
    if (last?.done === true) response.send((await first).value);
    else if (method === 'HEAD') {
      response.write('');
      response.end();
    } else {
      let piece = await first;
      let next = second;
      while (!piece.done) {
        if (!response.write(piece.value) && !response.ended) await response.drained();
        piece = await (next ?? reader.read());
        next = undefined;
      }
      response.end();
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}
