/** The requirements of both protocols for a request that brings a call, and its body. */
import { Buffer } from 'node:buffer';
import { decodeBody } from '../http/decode-body.js';
import { HTTPStatusError } from '../http/errors.js';
import { essenceOf, parseParameterized } from '../http/field-values.js';
import type { WebContext } from '../web/web-context.js';

/**
 * Answers requests that bring no call: 405 for other methods than POST, 415 for other media types. A page of another site can send neither
 * of the accepted types without the permission of this one (CORS), so that calls need no token against CSRF.
 * @returns Whether it has answered.
 */
export function refusesRequest(context: WebContext, types: readonly string[]): boolean {
  const { request, response } = context;
  if (request.method !== 'POST') {
    response.setField('Allow', 'POST');
    response.sendStatus(405);
    return true;
  }
  if (types.includes(essenceOf(request.field('content-type') ?? ''))) return false;
  response.setField('Accept', types.join(', '));
  context.logRefusal('debug', 415, `the content type is none of ${types.join(', ')}`);
  response.sendStatus(415);
  return true;
}

/** The charset of the Content-Type field; undefined if it has none. */
export function charsetOf(contentType: string | undefined): string | undefined {
  return parseParameterized(contentType ?? '')?.parameters.get('charset');
}

/** The whole body, decoded by its Content-Encoding. Rejects with an HTTPStatusError (413) or BodyError if it is too long or malformed. */
export async function bodyOf({ request }: WebContext, maxBytes: number): Promise<Buffer> {
  if (request.maxContentBytes > maxBytes) request.maxContentBytes = maxBytes;
  const encoding = request.field('content-encoding');
  if (encoding === undefined) return await request.bytes();
  if ((request.contentLength ?? 0) > maxBytes) throw new HTTPStatusError(413);
  const pieces: Uint8Array[] = [];
  for await (const piece of decodeBody(request, encoding, { maxBytes })) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** The answer to a caller that is gone, or that has only closed its side of the connection, and is therefore taken for one. */
export function clientGone(): HTTPStatusError {
  return new HTTPStatusError(503);
}
