/** A connection of the server is given to another protocol, in answer to a request. */
import type { SwitchableTransport } from '../core/stream-protocol.js';
import type { HTTPRequest } from './http-request.js';
import type { HTTPResponse } from './http-response.js';
import type { HTTPService, ServedProtocol } from './http-service.js';
import type { ServedConnection } from './served-connection.js';
import { checkProtocol, chosenProtocol, isServedProtocol } from './upgrade.js';
import { UpgradedConnection } from './upgraded-connection.js';
import type { UpgradedProtocol } from './upgraded-protocol.js';

/** The part of the connection that switching needs. */
export interface SwitchingConnection extends ServedConnection {
  readonly service: HTTPService;
  /** The protocol that has the transport instead. */
  upgraded: ServedProtocol | undefined;
  /** @throws HTTPSequenceError the request is not in progress, or its failure. */
  responseInProgress(request: HTTPRequest): HTTPResponse;
  /** The transport. @throws ConnectionLost, HTTPStatusError, UnsupportedError */
  switchable(): SwitchableTransport;
  /** Nothing is received or answered any more. @returns The bytes received behind the request. */
  leaveHTTP(response: HTTPResponse): Buffer;
}

export const NOTHING: Buffer = Buffer.alloc(0);

/** Answers that the server switches to the protocol `name`, which receives the bytes behind the request. */
export function upgradeConnection(
  connection: SwitchingConnection,
  request: HTTPRequest,
  protocol: UpgradedProtocol,
  name: string | undefined,
): void {
  checkProtocol(protocol);
  const response = connection.responseInProgress(request);
  const transport = connection.switchable();
  const chosen = chosenProtocol(response, name);
  const status = request.method === 'CONNECT' ? 200 : 101;
  const head = response.upgradeHead(status, chosen);
  response.log?.end(status);
  const rest = connection.leaveHTTP(response);
  transport.write(head);
  switchTo(connection, transport, protocol, response, rest);
}

/** Switches without an answer. @returns The bytes received behind the request, which the protocol does not receive. */
export function takeOverConnection(
  connection: SwitchingConnection,
  request: HTTPRequest,
  protocol: UpgradedProtocol,
): Buffer {
  const response = connection.responseInProgress(request);
  const transport = connection.switchable();
  response.log?.end(undefined);
  const rest = connection.leaveHTTP(response);
  switchTo(connection, transport, protocol, response, NOTHING);
  return rest;
}

function switchTo(
  connection: SwitchingConnection,
  transport: SwitchableTransport,
  protocol: UpgradedProtocol,
  { endings }: HTTPResponse,
  rest: Buffer,
): void {
  const upgraded = isServedProtocol(protocol) ? protocol : new UpgradedConnection(protocol);
  connection.upgraded = upgraded;
  connection.service.replace(connection, upgraded, endings);
  transport.switchProtocol(upgraded, rest);
}
