/** Errors of foreign loops. */
import { RopewalkError } from '../core/errors/base.js';

/** Who has the loop already. */
export type ForeignLoopOwner = 'attachment' | 'thread';

const OWNERS: Readonly<Record<ForeignLoopOwner, string>> = {
  attachment: 'it is attached to a reactor already: detach it there first',
  thread:
    'another thread runs it: attach it in that thread, or give this thread a context of its own',
};

/** The loop cannot be attached, because something else runs it. */
export class ForeignLoopBusyError extends RopewalkError {
  override readonly name = 'ForeignLoopBusyError';
  override readonly code = 'ERR_FOREIGN_LOOP_BUSY';
  readonly owner: ForeignLoopOwner;

  constructor(loop: string, owner: ForeignLoopOwner) {
    super(`the loop ${loop} cannot be attached: ${OWNERS[owner]}`);
    this.owner = owner;
  }
}

/** The library of a foreign loop could not be loaded. `cause` has the reason of the system's loader. */
export class ForeignLibraryError extends RopewalkError {
  override readonly name = 'ForeignLibraryError';
  override readonly code = 'ERR_FOREIGN_LIBRARY';
  readonly file: string;

  constructor(library: string, advice: string, cause: Error) {
    super(`${library} could not be loaded: ${cause.message}. ${advice}`, { cause });
    this.file = library;
  }
}
