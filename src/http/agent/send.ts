/** The shape of an agent's layers. */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { Deferred } from '../../defer/deferred.js';
import { checkFunction } from '../../internal/check.js';
import type { AgentRequest } from './agent-request.js';
import type { AgentResponse } from './agent-response.js';

/**
 * Sends a request. The Deferred fires when the head of the response has arrived; cancelling it gives the request up. The last one of an
 * agent gives the request to a connection.
 */
export type Send = (request: AgentRequest) => Deferred<AgentResponse>;

/**
 * A layer around {@link Send}: called once, when the agent is made. What it returns is called for each request, and may change the
 * request, send it any number of times, or answer in place of the server.
 */
export type Interceptor = (next: Send) => Send;

/** @param interceptors The first is called first. */
export function compose(interceptors: readonly Interceptor[], last: Send): Send {
  return interceptors.reduceRight((next, interceptor) => checked(interceptor(next)), last);
}

/** @throws InvalidArgumentTypeError, as the function that is returned does. */
export function checked(send: Send): Send {
  checkFunction('the result of an interceptor', send);
  return (request) => {
    const sent = send(request);
    if (sent instanceof Deferred) return sent;
    throw new InvalidArgumentTypeError('the result of a layer', 'a Deferred', sent);
  };
}
