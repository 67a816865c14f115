/** Errors of mock agents. */
import { RopewalkError } from '../../core/errors/base.js';

/** No route of a MockAgent matches a request, or those that match are used up. */
export class UnexpectedRequestError extends RopewalkError {
  override readonly name = 'UnexpectedRequestError';
  override readonly code = 'ERR_UNEXPECTED_REQUEST';
  readonly method: string;
  readonly url: string;

  /** @param routes Descriptions of the routes that exist. */
  constructor(method: string, url: string, routes: readonly string[]) {
    const known = routes.length === 0 ? 'there are none' : `they are:${lines(routes)}`;
    super(`no route of the mock agent answers ${method} ${url}; ${known}`);
    this.method = method;
    this.url = url;
  }
}

/** `assertAllUsed`: routes of a MockAgent were used less often than expected. */
export class UnusedRoutesError extends RopewalkError {
  override readonly name = 'UnusedRoutesError';
  override readonly code = 'ERR_UNUSED_ROUTES';
  /** Their descriptions. */
  readonly routes: readonly string[];

  constructor(routes: readonly string[]) {
    super(`routes of the mock agent were used less often than expected:${lines(routes)}`);
    this.routes = routes;
  }
}

function lines(routes: readonly string[]): string {
  return routes.map((route) => `\n  ${route}`).join('');
}
