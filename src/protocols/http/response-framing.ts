/** How the content of a response ends (RFC 9112 section 6). */

/**
 * After Content-Length, with the last chunk, or with the connection. `dropped`: this message has none, but the caller may write it
 * (a response to HEAD). `none`: the message has no content.
 */
export type Framing = 'length' | 'chunked' | 'close' | 'dropped' | 'none';

interface FramedRequest {
  readonly method: string;
  readonly version: string;
}

/** @param hasLength Whether the length of the content is known. */
export function responseFraming(
  request: FramedRequest,
  status: number,
  hasLength: boolean,
): Framing {
  if (!mayHaveContent(status) || isTunnel(request, status)) return 'none';
  if (request.method === 'HEAD') return 'dropped';
  if (hasLength) return 'length';
  return request.version === '1.0' ? 'close' : 'chunked';
}

/** Whether another protocol follows the response. */
export function isTunnel({ method }: Pick<FramedRequest, 'method'>, status: number): boolean {
  return status === 101 || (status < 300 && method === 'CONNECT');
}

/** RFC 9110 section 6.4.1. */
export function mayHaveContent(status: number): boolean {
  return status >= 200 && status !== 204 && status !== 304;
}
