/** Handlers of the HTTP engine and of the Web, and promises of resources, as resources. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { isThenable } from '../defer/thenable.js';
import { type FetchHandler, fetchHandler } from '../http/fetch-handler.js';
import { isMistakenForResponse } from '../http/handler-result.js';
import type { HTTPHandler } from '../http/http-service.js';
import { checkFunction } from '../internal/check.js';
import { refuseMore } from './refuse-more.js';
import { checkResource, type Resource } from './web-context.js';
import type { WebResult } from './web-result.js';

/**
 * A leaf that answers by a handler of `serveHttp`, such as `staticFiles`, for all paths below it. The handler sees the whole target. As
 * in `serveHttp`, a handler that returns nothing may answer later.
 * @throws InvalidArgumentTypeError
 */
export function handlerResource(handler: HTTPHandler, ...more: never[]): Resource {
  refuseMore('handlerResource(handler)', more);
  checkFunction('handler', handler);
  return {
    isLeaf: true,
    render(context) {
      const result = handler(context.request, context.response);
      if (isThenable(result) || isMistakenForResponse(result)) return result as WebResult;
      return context.answersLater();
    },
  };
}

/**
 * A leaf that answers by a handler of the Web, for all paths below it: the Request has the whole URL.
 * @throws InvalidArgumentTypeError
 */
export function fetchResource(handler: FetchHandler, ...more: never[]): Resource {
  refuseMore('fetchResource(handler)', more);
  return handlerResource(fetchHandler(handler));
}

/**
 * A resource that is not there yet: requests wait for it. If the promise fails, they fail with its reason.
 *
 * @param resource A promise or a Deferred. Its failure is not reported until a request arrives.
 * @throws InvalidArgumentTypeError
 */
export function deferredResource(resource: PromiseLike<Resource>): Resource {
  if (!isThenable(resource)) throw new InvalidArgumentTypeError('resource', 'a promise', resource);
  const found = Promise.resolve(resource);
  found.catch(() => {});
  return {
    isLeaf: true,
    render: async (context) =>
      context.delegate(checkResource('the result of the promise', await found)),
  };
}
