/** Sends the results of resources. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { isThenable } from '../defer/thenable.js';
import { checkResponse, sendResponse } from '../http/fetch-handler.js';
import type { HTTPResponse } from '../http/http-response.js';
import type { WebContext } from './web-context.js';
import { isRenderable, type RenderedHTML } from './web-context.js';
import type { WebResult } from './web-result.js';

const TEXT = 'text/plain; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
const BYTES = 'application/octet-stream';

/**
 * @returns Undefined if the result was sent, or sends itself; otherwise a promise that is fulfilled when it was.
 * @throws InvalidArgumentTypeError it is no {@link WebResult}.
 * @throws HTTPSequenceError the response has begun already; there is neither a result nor an answer.
 */
export function sendResult(
  context: WebContext,
  result: WebResult | PromiseLike<WebResult>,
): PromiseLike<void> | undefined {
  const { response } = context;
  if (typeof result === 'string') return sendWhole(response, result, TEXT);
  if (result === undefined) return context.unanswered();
  if (isThenable(result)) return sendLater(context, result);
  if (result instanceof Uint8Array) return sendWhole(response, result, BYTES);
  if (isRenderable(result)) return sendPage(context, result.renderHTML(context));
  if (result instanceof Response) {
    return sendResponse(context.request, response, checkResponse(result));
  }
  if (isAsyncIterable(result)) return sendPieces(response, result, undefined);
  if (!isJSON(result)) throw unknownResult(result);
  response.sendJSON(result);
  return undefined;
}

async function sendLater(context: WebContext, result: PromiseLike<unknown>): Promise<void> {
  await sendResult(context, (await result) as WebResult);
}

function sendPage(
  context: WebContext,
  page: RenderedHTML | PromiseLike<RenderedHTML>,
): PromiseLike<void> | undefined {
  const { response } = context;
  if (typeof page === 'string') return sendWhole(response, page, HTML);
  if (isThenable(page)) return page.then((made) => sendPage(context, made as RenderedHTML));
  return sendPieces(response, page, HTML);
}

function sendWhole(response: HTTPResponse, content: string | Uint8Array, type: string): undefined {
  if (!response.headSent) setType(response, type);
  response.send(content);
  return undefined;
}

function setType(response: HTTPResponse, type: string): void {
  if (!response.has('content-type')) response.addField('Content-Type', type);
}

/**
 * The head is sent with the first piece, so that an error before it has its own status. The iterable is left if the client goes.
 * @param type Undefined: that of the first piece.
 */
async function sendPieces(
  response: HTTPResponse,
  pieces: AsyncIterable<unknown>,
  type: string | undefined,
): Promise<void> {
  const iterator = pieces[Symbol.asyncIterator]();
  const { signal } = response.request;
  let isComplete = false;
  const leave = (): void => void Promise.resolve(iterator.return?.()).catch(() => {});
  signal.addEventListener('abort', leave, { once: true });
  try {
    for (;;) {
      const { done, value } = await iterator.next();
      isComplete = done === true;
      if (isComplete || response.ended) break;
      if (!response.headSent) setType(response, type ?? (typeof value === 'string' ? TEXT : BYTES));
      if (!response.write(value as string | Uint8Array)) await response.drained();
    }
    if (response.ended) return;
    if (!response.headSent) setType(response, type ?? BYTES);
    response.end();
  } finally {
    signal.removeEventListener('abort', leave);
    if (!isComplete) leave();
  }
}

function isAsyncIterable(value: object | null): value is AsyncIterable<unknown> {
  return (
    value !== null &&
    typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function'
  );
}

/** Whether JSON.stringify gives the whole value: other classes have state that it may not show. */
function isJSON(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value) || typeof (value as { toJSON?: unknown }).toJSON === 'function') {
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function unknownResult(result: unknown): InvalidArgumentTypeError {
  const expected = 'text, bytes, HTML, a Response, an async iterable, a plain object or an array';
  return new InvalidArgumentTypeError('the result of a resource', expected, result);
}
