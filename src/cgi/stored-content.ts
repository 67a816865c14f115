/** Content of unknown length is stored before a script begins, because CGI announces the length (RFC 3875 section 4.1.2). */
import { tmpdir } from 'node:os';
import type { HTTPRequest } from '../http/http-request.js';
import { UploadedFile, UploadWriter } from '../web/forms/uploaded-file.js';

/** Larger content is stored in a temporary file. */
const MAX_MEMORY_BYTES = 65_536;
const FACTS = { filename: '', contentType: '' };

/**
 * Receives all content. Rejects with the error of the request, such as an HTTPLimitError for more than `maxBytes`, or of the file system.
 * @returns To be removed.
 */
export async function storeContent(request: HTTPRequest, maxBytes: number): Promise<UploadedFile> {
  if (request.maxContentBytes > maxBytes) request.maxContentBytes = maxBytes;
  const writer = new UploadWriter(tmpdir(), MAX_MEMORY_BYTES);
  try {
    for await (const piece of request) await writer.write(piece);
    const content = await writer.end();
    return new UploadedFile({ ...FACTS, size: writer.size }, content);
  } catch (error) {
    await writer.remove();
    throw error;
  }
}
