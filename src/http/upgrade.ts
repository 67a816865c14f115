/** Switching to another protocol (RFC 9110 section 7.8), or becoming a tunnel (section 9.3.6). */

import type { StreamProtocol } from '../core/stream-protocol.js';
import { HTTPSequenceError, InvalidHTTPOutputError } from '../protocols/http/errors.js';
import type { HTTPResponse } from './http-response.js';
import type { ServedProtocol } from './http-service.js';

/** `protocol-name ["/" protocol-version]` */
const PROTOCOL = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:\/[!#$%&'*+.^_`|~0-9A-Za-z-]+)?$/;

/**
 * @param name The protocol to switch to. Default: the first that the client offers.
 * @returns The head of the response.
 * @throws HTTPSequenceError
 */
export function takeOver(response: HTTPResponse, name: string | undefined): Buffer {
  const { head, hasContent, method } = response.request;
  if (response.headSent) throw new HTTPSequenceError('the request was answered');
  if (hasContent) throw new HTTPSequenceError('the request has content');
  if (method === 'CONNECT') return response.upgradeHead(200, undefined);
  if (!head.hasUpgrade) throw new HTTPSequenceError('the request has no Upgrade field');
  const [offered = ''] = (head.field('upgrade') ?? '').split(',', 1);
  const protocol = name ?? offered.trim();
  if (!PROTOCOL.test(protocol)) {
    throw new InvalidHTTPOutputError('field Upgrade', 'is not the name of a protocol');
  }
  return response.upgradeHead(101, protocol);
}

export function isServedProtocol(protocol: StreamProtocol): protocol is ServedProtocol {
  const { drain, abort, countedBy } = protocol as Partial<ServedProtocol>;
  return (
    typeof drain === 'function' && typeof abort === 'function' && typeof countedBy === 'function'
  );
}
