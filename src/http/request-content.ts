/** The rules for the content of a request: when it is read, and when it is dropped. */
import type { HTTPRequest } from './http-request.js';
import type { HTTPResponse } from './http-response.js';
import type { ReceivedHead } from './received-head.js';
import type { HTTPServerSettings } from './server-settings.js';

/** The length of the content in bytes; infinite if it is not known. */
export function contentBytes(head: ReceivedHead): number {
  return head.isChunked ? Number.POSITIVE_INFINITY : (head.contentLength ?? 0);
}

/** Whether to parse more content. Content without a reader is dropped, up to `maxDiscardedBytes`. */
export function wantsContent({ request, ended }: HTTPResponse, maxDiscardedBytes: number): boolean {
  const { reader } = request;
  if (!request.hasContent) return true;
  if (reader !== undefined && !reader.isLeft) return reader.wants;
  if (request.discardedBytes > maxDiscardedBytes) return false;
  return ended || reader !== undefined;
}

/** A piece of content was parsed. */
export function takeContent(response: HTTPResponse, data: Buffer, maxDiscardedBytes: number): void {
  const { request } = response;
  request.receivedBytes += data.length;
  if (request.isRead) {
    request.reader?.received(data);
    return;
  }
  request.discardedBytes += data.length;
  if (request.discardedBytes > maxDiscardedBytes) response.closes = true;
}

/** Whether the parser can continue only when more content arrives. */
export function needsContent(response: HTTPResponse, maxDiscardedBytes: number): boolean {
  return !response.request.isComplete && wantsContent(response, maxDiscardedBytes);
}

/** Whether the rest of the content will be received, so that another request can follow. */
export function receivesRest(request: HTTPRequest, maxDiscardedBytes: number): boolean {
  const { head } = request;
  if (request.isComplete || request.isRead) return true;
  // Whether the client sends the content that it asked permission for is not known.
  if (head.expectsContinue && request.reader === undefined) return false;
  return (head.contentLength ?? 0) - request.receivedBytes <= maxDiscardedBytes;
}

/** Whether content of a request is expected before anything else. */
export function awaitsContent({ request, ended }: HTTPResponse): boolean {
  return !request.isComplete && (ended || request.reader !== undefined);
}

/**
 * The step after `contentTimeoutMs`.
 * @param before Received bytes of content at the beginning of that time.
 */
export function afterContentTime(
  response: HTTPResponse,
  before: number,
  { minContentBytes, maxDiscardedBytes }: HTTPServerSettings,
): 'wait' | 'close' | 'refuse' {
  // A handler that is busy with a piece delays the parsing of the others. After the answer, it has had its time.
  if (!wantsContent(response, maxDiscardedBytes)) return response.ended ? 'close' : 'wait';
  return response.request.receivedBytes - before < minContentBytes ? 'refuse' : 'wait';
}
