/** A stream of a server becomes a tunnel, or is given to another protocol (RFC 9113 section 8.5, RFC 8441). */

import type { TimeoutEntry } from '../../policies/idle-timeouts.js';
import { HTTPSequenceError } from '../../protocols/http/errors.js';
import { checkInformational } from '../field-names.js';
import type { HTTPRequest } from '../http-request.js';
import type { HTTPResponse } from '../http-response.js';
import type { ServedProtocol } from '../http-service.js';
import type { UnreadContent } from '../unread-content.js';
import { checkProtocol, chosenProtocol, isServedProtocol } from '../upgrade.js';
import { UpgradedConnection } from '../upgraded-connection.js';
import type { UpgradedProtocol } from '../upgraded-protocol.js';
import { dateField, linePairs } from './response-fields.js';
import { HTTP2StreamTransport, type TunnelledExchange } from './stream-transport.js';

/** The end of a tunnel in this process. */
export class TunnelEnd {
  readonly transport: HTTP2StreamTransport;
  private readonly protocol: ServedProtocol;

  constructor(transport: HTTP2StreamTransport, protocol: ServedProtocol) {
    this.transport = transport;
    this.protocol = protocol;
  }

  /** @param data Lent. */
  received(data: Buffer): void {
    this.transport.dataArrived(data);
  }

  inputEnded(): void {
    this.transport.inputEnded();
  }

  resume(): void {
    this.transport.sendUnsent();
  }

  lost(reason: Error): void {
    this.transport.streamLost(reason);
  }

  drain(): void {
    this.protocol.drain();
  }
}

/** The part of an exchange that an upgrade needs. */
export interface UpgradedExchange extends TunnelledExchange, TimeoutEntry {
  readonly request: HTTPRequest;
  readonly response: HTTPResponse;
  tunnel: TunnelEnd | undefined;
  /** Whether the client has sent everything. */
  readonly isReceived: boolean;
  /** The content that was received and not read, nor consumed. */
  takeUnread(): UnreadContent;
}

/**
 * Answers with 200, and connects a protocol to the stream.
 * @throws As `HTTPRequest.upgrade`.
 */
export function upgradeStream(
  exchange: UpgradedExchange,
  protocol: UpgradedProtocol,
  name: string | undefined,
): void {
  checkProtocol(protocol);
  const { response, request, stream, service } = exchange;
  if (response.ended) throw request.failure ?? new HTTPSequenceError('the request was answered');
  chosenProtocol(response, name);
  const lines = response.lines ?? [];
  checkInformational(lines);
  response.log?.end(200);
  response.state = 'upgraded';
  stream.sendHead(200, [dateField(service.dateLine), ...linePairs(lines)]);
  const upgraded = isServedProtocol(protocol) ? protocol : new UpgradedConnection(protocol);
  const { endings } = response;
  upgraded.countedBy({ remove: () => endings?.end() });
  const transport = new HTTP2StreamTransport(exchange);
  exchange.tunnel = new TunnelEnd(transport, upgraded);
  service.timeouts.remove(exchange);
  transport.begin(upgraded, exchange.takeUnread(), exchange.isReceived);
}
