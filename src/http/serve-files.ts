/** A handler that serves the files of a folder. */
import type { HTTPRequest } from './http-request.js';
import type { HTTPResponse } from './http-response.js';
import type { HTTPHandler } from './http-service.js';
import { type StaticAnswer, StaticFiles } from './static-files.js';
import type { StaticFilesOptions } from './static-options.js';

/**
 * A handler that answers GET and HEAD with files of a folder: with entity tags, conditional requests, ranges, media types and, if
 * asked for, precompressed variants. A folder is answered by its index file; it is never listed. Paths that lead out of the root, and
 * dot files unless allowed, do not exist.
 *
 * @example await serveHttp(reactor, endpoint, staticFiles('public', { cacheControl: 'max-age=3600' }));
 * @param root A folder. It need not exist yet.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function staticFiles(root: string, options: StaticFilesOptions = {}): HTTPHandler {
  const files = new StaticFiles(root, options);
  return (request: HTTPRequest, response: HTTPResponse): Promise<void> | undefined => {
    const answer = files.answer(request);
    if (answer instanceof Promise) return answer.then((later) => sendAnswer(response, later));
    const [piece, ...more] = answer.body?.pieces ?? [];
    if (more.length > 0 || answer.status >= 400) return sendAnswer(response, answer);
    setFields(response, answer);
    response.send(piece as Buffer | undefined);
    return undefined;
  };
}

async function sendAnswer(response: HTTPResponse, answer: StaticAnswer): Promise<void> {
  const { status, body } = answer;
  try {
    if (response.ended) return;
    setFields(response, answer);
    const [piece, ...more] = body?.pieces ?? [];
    if (status >= 400) response.sendStatus(status);
    else if (more.length > 0 || (piece !== undefined && !Buffer.isBuffer(piece))) {
      await response.sendFrom(body ?? []);
    } else response.send(piece);
  } finally {
    await body?.close();
  }
}

function setFields(response: HTTPResponse, { status, fields }: StaticAnswer): void {
  response.status = status;
  for (const [name, value] of fields) response.setField(name, value);
}
