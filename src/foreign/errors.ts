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

/**
 * A foreign loop still waits for a closed descriptor, although `dispatch` has received it as `invalid`. The descriptor is no longer
 * watched. Reported, never thrown.
 */
export class ForeignDescriptorError extends RopewalkError {
  override readonly name = 'ForeignDescriptorError';
  override readonly code = 'ERR_FOREIGN_DESCRIPTOR';
  readonly fd: number;

  constructor(loop: string, fd: number) {
    super(
      `the loop ${loop} waits for descriptor ${fd}, which is not open: end the wait (in GLib, destroy the source) before you close a descriptor`,
    );
    this.fd = fd;
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

/** Where a turn was asked for: outside of `block`, inside a turn, or on the stack of an FFI. */
export type TurnRefusalReason = 'outside' | 'turn' | 'stack';

const REASONS: Readonly<Record<TurnRefusalReason, string>> = {
  outside:
    'no turn is possible outside of block(): make the call that blocks the thread with block()',
  turn: 'a loop was run inside a turn of the reactor, which cannot be served until it returns: run it with block()',
  stack:
    'a loop was run on a stack of an FFI, where JavaScript cannot run: pass the option relay, or run it with blockNative()',
};

/** A turn was asked for where Node's loop cannot be run. The caller's fault. */
export class TurnRefusedError extends RopewalkError {
  override readonly name = 'TurnRefusedError';
  override readonly code = 'ERR_TURN_REFUSED';
  readonly reason: TurnRefusalReason;

  constructor(reason: TurnRefusalReason) {
    super(REASONS[reason]);
    this.reason = reason;
  }
}

/** The thread is ending: it was terminated, or called `process.exit`. The loop that owns it must return. */
export class ThreadEndingError extends RopewalkError {
  override readonly name = 'ThreadEndingError';
  override readonly code = 'ERR_THREAD_ENDING';

  constructor() {
    super('the thread is ending: return from the loop');
  }
}

/** A library or its function was not found. */
export class FunctionNotFoundError extends RopewalkError {
  override readonly name = 'FunctionNotFoundError';
  override readonly code = 'ERR_FUNCTION_NOT_FOUND';
  readonly file: string;
  readonly function: string;

  constructor(library: string, name: string) {
    const where = library === '' ? 'any library of the process' : library;
    super(
      `${name} was not found in ${where}: install the library, or correct its file name or the function's`,
    );
    this.file = library;
    this.function = name;
  }
}

/** The embedded reactor was closed. */
export class EmbeddingClosedError extends RopewalkError {
  override readonly name = 'EmbeddingClosedError';
  override readonly code = 'ERR_EMBEDDING_CLOSED';

  constructor() {
    super('the embedded reactor was closed');
  }
}
