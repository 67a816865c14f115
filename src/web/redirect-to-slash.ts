/** The redirect of a folder's name to the folder. */
import type { HTTPRequest } from '../http/http-request.js';
import { slashLocation } from '../http/target-path.js';
import type { WebContext } from './web-context.js';

/** Answers with 301, or 308 if the method must stay, to the same path with a slash at its end. The location is relative. */
export function redirectToSlash({ request, response, segments }: WebContext): undefined {
  const query = querySuffix(request);
  response.status = request.method === 'GET' || request.method === 'HEAD' ? 301 : 308;
  response.setField('Location', slashLocation({ segments, slash: false, query }));
  response.send();
  return undefined;
}

/** The query of a request with its question mark; empty if there is none. */
export function querySuffix({ query }: HTTPRequest): string {
  return query === '' ? '' : `?${query}`;
}
