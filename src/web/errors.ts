/** Errors of sites. */
import { RopewalkError } from '../core/errors/base.js';

/** Two routes of a router answer the same requests. */
export class RouteConflictError extends RopewalkError {
  override readonly name = 'RouteConflictError';
  override readonly code = 'ERR_ROUTE_CONFLICT';
  /** The method of both; `*` if they answer all. */
  readonly method: string;
  /** The pattern that was refused. */
  readonly pattern: string;
  /** That of the route that exists. */
  readonly existing: string;

  constructor(method: string, pattern: string, existing: string) {
    super(
      `the route ${method} ${pattern} answers the same requests as ${method} ${existing}: remove one, or change its path`,
    );
    this.method = method;
    this.pattern = pattern;
    this.existing = existing;
  }
}
