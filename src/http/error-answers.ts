/** The answers that the server gives itself. They contain the status and its reason phrase, and nothing else. */
import { HTTPMessageError } from '../protocols/http/errors.js';
import { statusLine } from '../protocols/http/status.js';
import { BodyError, HTTPStatusError, HTTPTimeoutError } from './errors.js';

/** The content. */
export function errorText(status: number): string {
  return statusLine(status).slice('HTTP/1.1 '.length).replace('\r\n', '\n');
}

/** A whole response, after which the connection is closed. */
export function errorMessage(status: number, dateLine: string, withText: boolean): string {
  const text = errorText(status);
  const fields = `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${text.length}\r\n`;
  const head = `${statusLine(status)}${dateLine}${fields}Connection: close\r\n\r\n`;
  return withText ? head + text : head;
}

/** The status that an error asks for. Such errors are not reported: they are the client's fault, or an answer. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof HTTPStatusError ||
    error instanceof HTTPMessageError ||
    error instanceof HTTPTimeoutError ||
    error instanceof BodyError
    ? error.status
    : undefined;
}
