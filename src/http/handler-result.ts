/** Finds handlers that return without having answered, and never will. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { HTTPSequenceError } from '../protocols/http/errors.js';

/** Whether a handler returned a value that other frameworks send as the response. Other results, such as a timer, have no meaning. */
export function isMistakenForResponse(result: unknown): boolean {
  if (typeof result === 'string') return true;
  return Object.prototype.toString.call(result) === '[object Response]';
}

/** @param result The result of the handler, or of its promise, while the response had not begun. */
export function unansweredError(result: unknown): Error {
  if (!isMistakenForResponse(result)) {
    return new HTTPSequenceError(
      'the promise of the handler was fulfilled, but the response has not begun: await the call that answers, or answer before',
    );
  }
  const hint =
    typeof result === 'string'
      ? 'answer with response.send'
      : 'serveFetch serves handlers that return a Response';
  return new InvalidArgumentTypeError('the result of the handler', 'undefined', result, hint);
}
