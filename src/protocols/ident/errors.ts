/** Errors of ident. */
import { RemoteProtocolError, RopewalkError } from '../../core/errors/base.js';
import type { IdentProblem } from './events.js';

/** The peer sent a line that RFC 1413 does not allow. */
export class InvalidIdentMessageError extends RemoteProtocolError {
  override readonly name = 'InvalidIdentMessageError';
  override readonly code = 'ERR_INVALID_IDENT_MESSAGE';

  constructor(problem: string) {
    super(`invalid ident message: ${problem}`);
  }
}

/** The ident server does not name the owner of the connection. */
export class IdentRefusedError extends RopewalkError {
  override readonly name = 'IdentRefusedError';
  override readonly code = 'ERR_IDENT_REFUSED';
  readonly problem: IdentProblem;

  constructor(problem: IdentProblem) {
    super(`the ident server answered ${problem}`);
    this.problem = problem;
  }
}
