/** Errors of CGI scripts. */
import { RemoteProtocolError } from '../core/errors/base.js';

/** A CGI script wrote a head that is malformed or too long, or ended before its head. The client was answered with 502. */
export class InvalidCGIOutputError extends RemoteProtocolError {
  override readonly name = 'InvalidCGIOutputError';
  override readonly code = 'ERR_INVALID_CGI_OUTPUT';
  /** The fault, in a few words. */
  readonly problem: string;

  constructor(problem: string) {
    super(`invalid output of a CGI script: ${problem}`);
    this.problem = problem;
  }
}
