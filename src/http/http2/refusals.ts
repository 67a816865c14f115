/** The answers that the server gives itself over HTTP/2. */

import type { HTTP2Stream } from '../../protocols/http2/stream.js';
import { contentLength } from '../error-answers.js';
import type { FieldLine } from '../field-lines.js';
import { fieldLine } from '../field-lines.js';
import type { HTTPResponse } from '../http-response.js';
import type { HTTPService } from '../http-service.js';
import { dateField, type FieldPair, linePairs } from './response-fields.js';
import { UnsentContent } from './unsent-content.js';

/** The part of an exchange that refusals need. */
export interface RefusedExchange {
  readonly service: HTTPService;
  readonly stream: HTTP2Stream;
  readonly response: HTTPResponse;
}

/** Answers a request that has turned out to be invalid or too slow. @returns The rest of the answer, if not all could be sent. */
export function refuseStream(
  { service, stream, response }: RefusedExchange,
  status: number,
): UnsentContent | undefined {
  const { request, log, lastingLines = [] } = response;
  const page = service.errorPage(status, request);
  const own = page.fields.map(([name, value]) => fieldLine(name, value));
  const named = new Set(own.map(({ lower }) => lower));
  const lasting = lastingLines.filter(({ lower }: FieldLine) => !named.has(lower));
  const fields: FieldPair[] = [...linePairs([...lasting, ...own]), dateField(service.dateLine)];
  const content = Buffer.from(page.content as string);
  log?.complete(status, request.method === 'HEAD' ? 0 : contentLength(page));
  const sent = stream.respond(status, fields, content);
  if (sent === content.length) return undefined;
  const unsent = new UnsentContent();
  unsent.add(content.subarray(sent));
  unsent.end(undefined);
  return unsent;
}
