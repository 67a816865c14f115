/** The answers that the server gives itself. */
import type { Address } from '../core/address.js';
import { HTTPMessageError } from '../protocols/http/errors.js';
import { statusLine } from '../protocols/http/status.js';
import type { ErrorPage } from './error-pages.js';
import {
  BodyError,
  HTTPStatusError,
  HTTPTimeoutError,
  UnsupportedContentCodingError,
  UpgradeRequiredError,
} from './errors.js';
import { type FieldLine, fieldLine, linesText } from './field-lines.js';
import type { HTTPResponse } from './http-response.js';
import type { HTTPService } from './http-service.js';

/** In bytes. */
export function contentLength({ content }: ErrorPage): number {
  return typeof content === 'string' ? Buffer.byteLength(content) : content.length;
}

/**
 * A whole response, after which the connection is closed.
 * @param lastingLines Fields that the handler has set for any answer. Those of the page replace them.
 */
export function errorMessage(
  status: number,
  dateLine: string,
  page: ErrorPage,
  withContent: boolean,
  lastingLines: readonly FieldLine[] = [],
): Buffer {
  const own = page.fields.map(([name, value]) => fieldLine(name, value));
  const named = new Set(own.map(({ lower }) => lower));
  const lasting = lastingLines.filter(({ lower }) => !named.has(lower));
  const fields = linesText([...lasting, ...own]);
  const length = `Content-Length: ${contentLength(page)}\r\n`;
  const head = `${statusLine(status)}${dateLine}${fields}${length}Connection: close\r\n\r\n`;
  const bytes = Buffer.from(head, 'latin1');
  return withContent ? Buffer.concat([bytes, Buffer.from(page.content)]) : bytes;
}

/** The part of the connection that refusals need. */
export interface RefusingConnection {
  readonly service: HTTPService;
  readonly peer: Address;
  write(data: Uint8Array): void;
}

/** Answers a request that could not be read. */
export function refuseUnread(connection: RefusingConnection, status: number): void {
  const { service, peer } = connection;
  const page = service.errorPage(status, undefined);
  connection.write(errorMessage(status, service.dateLine, page, true));
  service.logs?.refused(peer, status, contentLength(page));
}

/** Answers a request that has turned out to be invalid or too slow. */
export function refuseRequest(
  connection: RefusingConnection,
  response: HTTPResponse,
  status: number,
): void {
  const { service } = connection;
  const { request, log, lastingLines } = response;
  const page = service.errorPage(status, request);
  const withContent = request.method !== 'HEAD';
  connection.write(errorMessage(status, service.dateLine, page, withContent, lastingLines));
  log?.complete(status, withContent ? contentLength(page) : 0);
}

/** The status that an error asks for. Such errors are not reported: they are the client's fault, or an answer. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof HTTPStatusError ||
    error instanceof HTTPMessageError ||
    error instanceof HTTPTimeoutError ||
    error instanceof UpgradeRequiredError ||
    error instanceof BodyError
    ? error.status
    : undefined;
}

/** A field of the answer to an error: Accept-Encoding with 415 (RFC 9110 section 12.5.3), Upgrade with 426. */
export function fieldOf(error: unknown): readonly [name: string, value: string] | undefined {
  if (error instanceof UnsupportedContentCodingError && error.status === 415) {
    return ['Accept-Encoding', error.acceptEncoding];
  }
  return error instanceof UpgradeRequiredError ? ['Upgrade', error.protocol] : undefined;
}
