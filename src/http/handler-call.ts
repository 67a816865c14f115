/** Calls the handler of a request, and answers if it fails. */
import type { Address } from '../core/address.js';
import { ConnectionClosed } from '../core/errors/connection.js';
import type { Transport } from '../core/transport.js';
import { failConnection, onRejection } from '../defer/callback-result.js';
import { reportError } from '../internal/error-report.js';
import { fieldOf, statusOf } from './error-answers.js';
import { isMistakenForResponse, unansweredError } from './handler-result.js';
import type { HTTPResponse } from './http-response.js';
import type { HTTPHandler } from './http-service.js';
import { titleOf } from './request-title.js';

/** The part of the connection that failures need. */
export interface AnsweringConnection {
  readonly peer: Address;
  /** Also after an upgrade. */
  readonly currentTransport: Transport;
  abort(): void;
}

/** @returns Whether the handler has returned something: it may go on. */
export function callHandler(
  handler: HTTPHandler,
  response: HTTPResponse,
  connection: AnsweringConnection,
): boolean {
  let goesOn = false;
  try {
    const result: unknown = handler(response.request, response);
    goesOn = result !== undefined;
    if (goesOn) watch(connection, response, result);
  } catch (error) {
    failed(connection, response, error);
  }
  return goesOn;
}

/** A handler is finished when its promise is. */
function watch(connection: AnsweringConnection, response: HTTPResponse, result: unknown): void {
  const finished = (value: unknown): void => {
    if (response.state === 'head' && !response.headSent) {
      // If its signal is aborted, the handler may have given up.
      failed(connection, response, response.request.failure ?? unansweredError(value));
    }
  };
  if (isMistakenForResponse(result)) finished(result);
  else onRejection(result, (error) => failed(connection, response, error), finished);
}

/** The handler has thrown, or its promise was rejected. */
function failed(connection: AnsweringConnection, response: HTTPResponse, error: unknown): void {
  if (response.state === 'gone') {
    if (error instanceof ConnectionClosed || error === response.request.failure) return;
  }
  if (response.state === 'upgraded') {
    failConnection(connection.currentTransport, error, 'HTTP handler');
    return;
  }
  const status = statusOf(error);
  // If it is the reason of its signal, the handler gave up because the client has.
  if (status === undefined && error !== response.request.failure) {
    reportError(error, 'HTTP handler', connection.peer, titleOf(response.request));
  }
  if (response.isAnswered) return;
  if (response.headSent) connection.abort();
  else {
    response.sendError(status ?? 500, fieldOf(error));
    response.disown(error);
  }
}
