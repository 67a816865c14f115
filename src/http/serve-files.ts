/** A handler that serves the files of a folder. */
import { HIGH_WATER_MARK_BYTES } from '../core/transport.js';
import type { FileBody } from './file-body.js';
import type { HTTPRequest } from './http-request.js';
import type { HTTPResponse } from './http-response.js';
import type { HTTPHandler } from './http-service.js';
import { type StaticAnswer, StaticFiles } from './static-files.js';
import type { StaticFilesOptions } from './static-options.js';

/**
 * Less is read. While it is unsent, what the system sends has a descriptor, and a client that does not read may request any number of
 * short ranges before so much is unsent that its next request waits.
 */
const MIN_UNREAD_BYTES = HIGH_WATER_MARK_BYTES;

/** Sent without a pause: the next portion waits until the client has taken it, so that a client that stops is noticed. */
const PORTION_BYTES = 1_048_576;

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
    return answer instanceof Promise
      ? answer.then((found) => sendAnswer(response, found))
      : sendAnswer(response, answer);
  };
}

/** @internal @returns Undefined if it was sent. */
export function sendAnswer(
  response: HTTPResponse,
  answer: StaticAnswer,
): Promise<void> | undefined {
  const { body } = answer;
  const [piece, ...more] = body?.pieces ?? [];
  if (body?.fd !== undefined || more.length > 0) return sendPieces(response, answer);
  setHead(response, answer);
  if (answer.status >= 400) response.sendStatus(answer.status);
  else response.send(piece as Buffer | undefined);
  return undefined;
}

async function sendPieces(response: HTTPResponse, answer: StaticAnswer): Promise<void> {
  const { body } = answer;
  try {
    if (response.ended) return;
    setHead(response, answer);
    const sent = body === undefined ? 0 : await sendUnread(response, body);
    await response.sendFrom(body?.from(sent) ?? []);
  } finally {
    await body?.close();
  }
}

/** Lets the system send a range of the file, as far as the connection can. @returns The number of bytes sent. */
async function sendUnread(response: HTTPResponse, body: FileBody): Promise<number> {
  const { fd, pieces, length } = body;
  const [range] = pieces;
  if (fd === undefined || !body.isBlocking || pieces.length !== 1) return 0;
  if (length < MIN_UNREAD_BYTES) return 0;
  if (range === undefined || Buffer.isBuffer(range)) return 0;
  let sent = 0;
  while (sent < length && !response.ended) {
    const portion = Math.min(PORTION_BYTES, length - sent);
    const keepsUp = response.writeFile(fd, range.first + sent, portion);
    if (keepsUp === undefined) break;
    sent += portion;
    if (!keepsUp) await response.drained();
  }
  return sent;
}

/** Prepares the head. */
function setHead(response: HTTPResponse, { status, fields }: StaticAnswer): void {
  if (response.ended) return;
  response.status = status;
  for (const [name, value] of fields) response.setField(name, value);
}
