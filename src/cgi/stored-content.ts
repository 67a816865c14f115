/** Content of unknown length is stored before a script begins, because CGI announces the length (RFC 3875 section 4.1.2). */
import { tmpdir } from 'node:os';
import type { Clock } from '../core/clock.js';
import { HTTPStatusError } from '../http/errors.js';
import type { HTTPRequest } from '../http/http-request.js';
import { UploadedFile, UploadWriter } from '../web/forms/uploaded-file.js';

/** Larger content is stored in a temporary file. */
const MAX_MEMORY_BYTES = 65_536;
const FACTS = { filename: '', contentType: '' };

/** The part of the settings that limits the content. */
export interface StoringLimits {
  readonly reactor: Clock;
  readonly timeoutMs: number;
  readonly maxStoredBytes: number;
}

/**
 * Receives all content. Rejects with the error of the request, such as an HTTPLimitError for more than `maxStoredBytes`, or of the file
 * system; with an HTTPStatusError with 408 if the content is not complete after `timeoutMs`.
 * @returns To be removed.
 */
export async function storeContent(
  request: HTTPRequest,
  { reactor, timeoutMs, maxStoredBytes }: StoringLimits,
): Promise<UploadedFile> {
  if (request.maxContentBytes > maxStoredBytes) request.maxContentBytes = maxStoredBytes;
  const writer = new UploadWriter(tmpdir(), MAX_MEMORY_BYTES);
  const pieces = request[Symbol.asyncIterator]();
  let isLate = false;
  const deadline = reactor.callLater(timeoutMs, () => {
    isLate = true;
    void pieces.return?.();
  });
  try {
    for await (const piece of pieces) await writer.write(piece);
    if (isLate) throw new HTTPStatusError(408, `the content took more than ${timeoutMs} ms`);
    const content = await writer.end();
    return new UploadedFile({ ...FACTS, size: writer.size }, content);
  } catch (error) {
    await writer.remove();
    throw error;
  } finally {
    if (deadline.active()) deadline.cancel();
  }
}
