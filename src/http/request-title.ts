/** Requests in reports for people. */
import type { HTTPRequest } from './http-request.js';

const MAX_PATH_LENGTH = 200;

/** Names a request, without its query, which may contain secrets. */
export function titleOf({ method, path }: HTTPRequest): string {
  return `${method} ${path.length > MAX_PATH_LENGTH ? `${path.slice(0, MAX_PATH_LENGTH)}...` : path}`;
}
