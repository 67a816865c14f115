/** The answers that the server gives itself. */
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
  if (error instanceof UnsupportedContentCodingError) {
    return ['Accept-Encoding', error.acceptEncoding];
  }
  return error instanceof UpgradeRequiredError ? ['Upgrade', error.protocol] : undefined;
}
