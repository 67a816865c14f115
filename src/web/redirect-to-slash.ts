/** The redirect of a folder's name to the folder. */
import { slashLocation } from '../http/target-path.js';
import type { WebContext } from './web-context.js';

/** Answers with 301, or 308 if the method must stay, to the same path with a slash at its end. The location is relative. */
export function redirectToSlash({ request, response, segments }: WebContext): undefined {
  const query = request.query === '' ? '' : `?${request.query}`;
  response.status = request.method === 'GET' || request.method === 'HEAD' ? 301 : 308;
  response.setField('Location', slashLocation({ segments, slash: false, query }));
  response.send();
  return undefined;
}
