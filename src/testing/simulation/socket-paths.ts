/** The names of UNIX sockets on one simulated host: paths, which outlive a socket that leaves its file, and abstract names. */
import type { SystemError } from '../../core/errors/base.js';
import { systemError } from '../../internal/system-error.js';

/** The sockets that a path can be bound to, by kind. */
export interface SocketHolders<Stream, Datagram> {
  readonly stream: Stream;
  readonly datagram: Datagram;
}

type Kind = 'stream' | 'datagram';

/** A bound path. Without a holder it is stale: a socket has left its file. */
export interface SocketPath {
  readonly path: string;
  readonly kind: Kind;
  /** Whether the holder keeps the lock of `wantPID`. */
  readonly locked: boolean;
  holder: unknown;
}

export class SocketPaths<Stream, Datagram> {
  readonly #entries = new Map<string, SocketPath>();

  /**
   * @param locked Takes the lock of the path, and replaces a stale one.
   * @throws SystemError `EADDRINUSE`
   */
  bind<K extends Kind>(
    path: string,
    kind: K,
    holder: SocketHolders<Stream, Datagram>[K],
    locked = false,
  ): SocketPath {
    const there = this.#entries.get(path);
    if (there !== undefined && !(locked && there.holder === undefined)) {
      throw systemError('bind', 'EADDRINUSE', path);
    }
    const entry: SocketPath = { path, kind, locked, holder };
    this.#entries.set(path, entry);
    return entry;
  }

  /**
   * The socket at a path, as connect(2) finds it, or the reason that there is none.
   * @param needsLock With `checkPID`: only a holder of the lock counts.
   */
  find<K extends Kind>(
    path: string,
    kind: K,
    needsLock = false,
  ): SocketHolders<Stream, Datagram>[K] | SystemError {
    const entry = this.#entries.get(path);
    if (needsLock && (entry?.holder === undefined || !entry.locked)) return refused(path);
    if (entry === undefined && !path.startsWith('\0')) {
      return systemError('connect', 'ENOENT', path);
    }
    if (entry?.holder === undefined) return refused(path);
    if (entry.kind !== kind) return systemError('connect', 'EPROTOTYPE', path);
    return entry.holder as SocketHolders<Stream, Datagram>[K];
  }

  /** The socket is closed. @param keepFile Leaves the path, stale; an abstract name is gone in any case. */
  release(entry: SocketPath, keepFile: boolean): void {
    entry.holder = undefined;
    if (keepFile && !entry.path.startsWith('\0')) return;
    if (this.#entries.get(entry.path) === entry) this.#entries.delete(entry.path);
  }

  /** Removes a path, like unlink(2): its holder stays open, and clients no longer find it. @returns Whether it existed. */
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
