/** Switching to another protocol (RFC 9110 section 7.8), or becoming a tunnel (section 9.3.6). */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { ConnectionLost } from '../core/errors/connection.js';
import { UnsupportedError } from '../core/errors/reactor.js';
import {
  isStreamProtocol,
  type StreamProtocol,
  type SwitchableTransport,
} from '../core/stream-protocol.js';
import type { Transport } from '../core/transport.js';
import { HTTPSequenceError } from '../protocols/http/errors.js';
import { isToken } from '../protocols/http/octets.js';
import { HTTPStatusError, UpgradeRequiredError } from './errors.js';
import { splitOutsideQuotes } from './field-values.js';
import type { HTTPResponse } from './http-response.js';
import type { ServedProtocol } from './http-service.js';

/**
 * @param name The protocol to switch to. Default: the first that the client offers.
 * @returns The protocol; undefined for a tunnel.
 * @throws HTTPSequenceError, HTTPStatusError, InvalidArgumentValueError, InvalidHTTPOutputError, UpgradeRequiredError
 */
export function chosenProtocol(
  response: HTTPResponse,
  name: string | undefined,
): string | undefined {
  const { head, hasContent, method } = response.request;
  if (response.headSent) throw new HTTPSequenceError('the request was answered');
  if (name !== undefined && !isProtocolName(name)) {
    throw new InvalidArgumentValueError('name', 'a protocol such as "shout/1"', name);
  }
  if (method !== 'CONNECT' && !head.hasUpgrade) throw notOffered(name);
  if (hasContent) throw new HTTPStatusError(400, 'the request has content');
  if (method === 'CONNECT') return undefined;
  const offers = splitOutsideQuotes(head.field('upgrade') ?? '', ',');
  const [first] = offers;
  if (first === undefined || !offers.every(isProtocolName)) {
    throw new HTTPStatusError(400, 'the Upgrade field is malformed');
  }
  if (name === undefined) return first;
  const lower = name.toLowerCase();
  if (offers.some((offer) => offer.toLowerCase() === lower)) return name;
  throw notOffered(name);
}

/** An answer with 426 has to name the protocol. */
function notOffered(name: string | undefined): Error {
  if (name === undefined) return new HTTPStatusError(400, 'the request has no Upgrade field');
  return new UpgradeRequiredError(name);
}

export function isServedProtocol(protocol: StreamProtocol): protocol is ServedProtocol {
  const { drain, abort, countedBy } = protocol as Partial<ServedProtocol>;
  return (
    typeof drain === 'function' && typeof abort === 'function' && typeof countedBy === 'function'
  );
}

/** @throws InvalidArgumentTypeError */
export function checkProtocol(protocol: unknown): void {
  if (typeof protocol === 'object' && protocol !== null && isStreamProtocol(protocol)) return;
  throw new InvalidArgumentTypeError('protocol', 'a protocol', protocol);
}

/**
 * @param inputEnded Whether the client has finished sending.
 * @throws ConnectionLost, HTTPStatusError, UnsupportedError
 */
export function checkSwitchable(transport: Transport, inputEnded: boolean): SwitchableTransport {
  if (transport.disconnecting) throw new ConnectionLost('the connection is closing');
  if (inputEnded) throw new HTTPStatusError(400, 'the client has finished sending');
  if (isSwitchable(transport)) return transport;
  throw new UnsupportedError('upgrade', 'the transport keeps its protocol');
}

function isSwitchable(transport: Transport): transport is SwitchableTransport {
  return (transport as Partial<SwitchableTransport>).switchProtocol !== undefined;
}

/** `protocol-name ["/" protocol-version]` */
export function isProtocolName(text: string): boolean {
  const slash = text.indexOf('/');
  if (slash === -1) return isToken(text);
  return isToken(text.slice(0, slash)) && isToken(text.slice(slash + 1));
}
