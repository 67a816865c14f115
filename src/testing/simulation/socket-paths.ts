/** The names of UNIX sockets on one simulated host: paths, which outlive a socket that leaves its file, and abstract names. */
import type { SystemError } from '../../core/errors/base.js';
import { systemError } from '../../internal/system-error.js';

/** What is bound to a path. Without a holder the path is stale: a file that a socket has left. */
export interface SocketPath<Holder> {
  readonly path: string;
  readonly kind: 'stream' | 'datagram';
  /** Whether the holder keeps the lock of `wantPID`. */
  readonly locked: boolean;
  holder: Holder | undefined;
}

export class SocketPaths<Holder> {
  readonly #entries = new Map<string, SocketPath<Holder>>();

  /**
   * @param locked Takes the lock of the path, and replaces a stale one.
   * @throws SystemError `EADDRINUSE`
   */
  bind(
    path: string,
    kind: SocketPath<Holder>['kind'],
    holder: Holder,
    locked = false,
  ): SocketPath<Holder> {
    const there = this.#entries.get(path);
    if (there !== undefined && !(locked && there.holder === undefined)) {
      throw systemError('bind', 'EADDRINUSE', path);
    }
    const entry: SocketPath<Holder> = { path, kind, locked, holder };
    this.#entries.set(path, entry);
    return entry;
  }

  /**
   * The socket at a path, for a client.
   * @param needsLock With `checkPID`: only a holder of the lock will do.
   */
  connect(path: string, kind: SocketPath<Holder>['kind'], needsLock = false): Holder | SystemError {
    const entry = this.#entries.get(path);
    if (needsLock && (entry?.holder === undefined || !entry.locked)) return refused(path);
    if (entry === undefined) {
      return path.startsWith('\0') ? refused(path) : systemError('connect', 'ENOENT', path);
    }
    if (entry.holder === undefined) return refused(path);
    return entry.kind === kind ? entry.holder : systemError('connect', 'EPROTOTYPE', path);
  }

  /** The socket is closed. @param keepFile Leaves the path, stale; an abstract name is gone in any case. */
  release(entry: SocketPath<Holder>, keepFile: boolean): void {
    entry.holder = undefined;
    if (keepFile && !entry.path.startsWith('\0')) return;
    if (this.#entries.get(entry.path) === entry) this.#entries.delete(entry.path);
  }

  /** Removes a path, as unlink(2) does: its holder goes on, and no client finds it any more. @returns Whether it was there. */
  unlink(path: string): boolean {
    return !path.startsWith('\0') && this.#entries.delete(path);
  }

  describe(): string[] {
    return [...this.#entries.values()].map(
      ({ path, holder }) => path.replace('\0', '@') + (holder === undefined ? ' (stale)' : ''),
    );
  }
}

function refused(path: string): SystemError {
  return systemError('connect', 'ECONNREFUSED', path);
}
