/** Listening at a path at which a dead process may have left its socket, which a lock file shows. */
import { lstatSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';

import { UNIXAddress } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import { CannotListenError } from '../../core/errors/listening.js';
import { NotAcquiredError } from '../../defer/errors.js';
import { DeferredFilesystemLock } from '../../defer/filesystem-lock.js';
import type { ListenSocket } from './listen-socket.js';
import { SocketFile } from './socket-file.js';

/** The lock file of a socket's path. */
export function lockPathOf(path: string): string {
  return `${path}.lock`;
}

/**
 * Opens a socket while holding the lock of its path; closing the socket releases the lock. A socket that a dead holder left at
 * the path is removed first.
 * @throws CannotListenError
 */
export function listenLocked(path: string, clock: Clock, open: () => ListenSocket): ListenSocket {
  const lock = new DeferredFilesystemLock(lockPathOf(path), clock);
  takeLock(lock, path);
  try {
    if (lock.clean === false) removeSocket(path);
    const socket = open();
    return {
      address: socket.address,
      fileno: () => socket.fileno(),
      ...(socket.drain && { drain: (drained: () => void) => socket.drain?.(drained) }),
      close: (keepFile) => {
        socket.close(keepFile);
        giveBack(lock);
      },
    };
  } catch (error) {
    lock.unlock();
    throw error;
  }
}

/** A socket whose file is removed when it is closed, unless another file is there by then. */
export function removingFile(socket: ListenSocket): ListenSocket {
  const { address } = socket;
  if (address.type !== 'UNIX' || address.abstract) return socket;
  const file = new SocketFile(address.path);
  return {
    address,
    fileno: () => socket.fileno(),
    ...(socket.drain && { drain: (drained: () => void) => socket.drain?.(drained) }),
    close: (keepFile) => {
      if (keepFile !== true) file.remove();
      socket.close(keepFile);
    },
  };
}

/** If the lock file was removed by others, there is nothing to release. */
function giveBack(lock: DeferredFilesystemLock): void {
  try {
    lock.unlock();
  } catch (error) {
    if (!(error instanceof NotAcquiredError)) throw error;
  }
}

function takeLock(lock: DeferredFilesystemLock, path: string): void {
  let cause: Error;
  try {
    if (lock.lock()) return;
    cause = new Error(`another process holds ${lock.path}`);
  } catch (error) {
    cause = (error as NodeJS.ErrnoException).code === 'ENOENT' ? noFolder(path) : (error as Error);
  }
  throw new CannotListenError(new UNIXAddress(path), { cause });
}

/** The error of the lock file would name the lock file, which nobody asked for. */
function noFolder(path: string): Error {
  const error = new Error(`bind ENOENT: there is no folder ${dirname(path)}`);
  return Object.assign(error, { code: 'ENOENT', syscall: 'bind', address: path });
}

/** Removes only sockets, no other files. @throws CannotListenError */
function removeSocket(path: string): void {
  try {
    const status = lstatSync(path, { throwIfNoEntry: false });
    if (status?.isSocket() === true) unlinkSync(path);
  } catch (cause) {
    throw new CannotListenError(new UNIXAddress(path), { cause });
  }
}
