/** Lines of requests to servers that depend on more than the fields that are passed on. */
import { splitOutsideQuotes } from '../http/field-values.js';
import type { HTTPRequest } from '../http/http-request.js';
import type { HTTPResponse } from '../http/http-response.js';
import type { ReceivedHead } from '../http/received-head.js';
import type { Logger } from '../logger/logger.js';

/** How the content of the request is framed, with the expectation and the permission of trailers. */
export function framingLines(request: HTTPRequest): string {
  const { head } = request;
  let lines = '';
  if (head.isChunked) lines = 'Transfer-Encoding: chunked\r\n';
  else if (head.contentLength !== undefined) lines = `Content-Length: ${head.contentLength}\r\n`;
  if (head.expectsContinue && request.hasContent) lines += 'Expect: 100-continue\r\n';
  // RFC 9110 section 7.6.2. Other methods may go on without it.
  const forwards = head.method === 'OPTIONS' ? head.field('max-forwards') : undefined;
  if (forwards !== undefined && /^\d{1,9}$/.test(forwards)) {
    lines += `Max-Forwards: ${Math.max(0, Number(forwards) - 1)}\r\n`;
  }
  const codings = head.field('te');
  if (codings !== undefined && /(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i.test(codings)) {
    lines += 'TE: trailers\r\nConnection: TE\r\n';
  }
  return lines;
}

/** Whether to pass Upgrade on. HTTP/2 in clear never is: the proxy could not see the requests behind it. */
export function isUpgrade({ head, hasContent }: HTTPRequest): boolean {
  if (!head.hasUpgrade || hasContent) return false;
  const offers = splitOutsideQuotes((head.field('upgrade') ?? '').toLowerCase(), ',');
  return offers.length > 0 && !offers.some((offer) => /^(?:h2c?|http|tls)(?:\/|$)/.test(offer));
}

export function upgradeLines(head: ReceivedHead): string {
  return `Connection: Upgrade\r\nUpgrade: ${head.field('upgrade')}\r\n`;
}

/** The request has come back to this proxy: by its own configuration, or that of the servers behind it. */
export function refuseLoop(request: HTTPRequest, response: HTTPResponse, logger: Logger): void {
  const { method, host, path } = request;
  const fields = { method, host, path, status: 508 };
  logger.warn('{method} {host}{path} runs in a loop of proxies, answered with 508', fields);
  response.sendError(508);
}

const ALLOWED = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

/**
 * Answers requests that are not passed on: CONNECT; TRACE, which would show fields that the proxy adds; and OPTIONS that may go no further
 * (RFC 9110 section 7.6.2).
 */
export function refuseMethod({ method, head }: HTTPRequest, response: HTTPResponse): boolean {
  if (method === 'CONNECT' || method === 'TRACE') {
    response.setField('Allow', ALLOWED).sendStatus(405);
    return true;
  }
  if (method !== 'OPTIONS' || head.field('max-forwards') !== '0') return false;
  response.setField('Allow', ALLOWED).send();
  return true;
}
