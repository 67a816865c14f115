/** Raw readiness: the descriptors that an application opened, by number, with the reader and writer of each. */

import type { Descriptor, ReadDescriptor, WriteDescriptor } from '../../core/descriptor.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import type { ReactorDescriptors } from '../../core/reactor-descriptors.js';
import { toError } from '../../core/text-of.js';
import { onRejection } from '../../defer/callback-result.js';
import { checkFunction, checkInteger } from '../../internal/check.js';
import { checkHasDescriptors } from '../../internal/platform.js';
import { systemError } from '../../internal/system-error.js';
import type { TurnReactor } from '../time/turn-reactor.js';
import { EVENT_READABLE } from './shared-memory.js';
import type { NativeSocket, NativeSockets } from './sockets.js';

const INTEREST_READ = 1;
const INTEREST_WRITE = 2;
const MAX_FD = 2 ** 31 - 1;

/** The reactor whose descriptors are watched. */
interface WatchingReactor extends TurnReactor {
  /** @throws ReactorDisposedError */
  checkOpen(): void;
}

class WatchedDescriptor implements NativeSocket {
  readonly fd: number;
  handle = 0;
  reader: ReadDescriptor | undefined;
  writer: WriteDescriptor | undefined;
  readonly #descriptors: NativeDescriptors;

  constructor(fd: number, descriptors: NativeDescriptors) {
    this.fd = fd;
    this.#descriptors = descriptors;
  }

  nativeEvent(kind: number): void {
    if (kind === EVENT_READABLE) this.#descriptors.readable(this);
    else this.#descriptors.writable(this);
  }
}

export class NativeDescriptors implements ReactorDescriptors {
  readonly #sockets: NativeSockets;
  readonly #reactor: WatchingReactor;
  readonly #watched = new Map<number, WatchedDescriptor>();

  constructor(sockets: NativeSockets, reactor: WatchingReactor) {
    this.#sockets = sockets;
    this.#reactor = reactor;
  }

  addReader(descriptor: ReadDescriptor): void {
    checkHasDescriptors('addReader');
    this.#reactor.checkOpen();
    checkFunction('doRead', descriptor?.doRead);
    this.#change(this.#watch(descriptor), (watched) => {
      watched.reader = descriptor;
    });
  }

  addWriter(descriptor: WriteDescriptor): void {
    checkHasDescriptors('addWriter');
    this.#reactor.checkOpen();
    checkFunction('doWrite', descriptor?.doWrite);
    this.#change(this.#watch(descriptor), (watched) => {
      watched.writer = descriptor;
    });
  }

  removeReader(descriptor: ReadDescriptor): void {
    checkHasDescriptors('removeReader');
    for (const watched of this.#watched.values()) {
      if (watched.reader !== descriptor) continue;
      this.#change(watched, () => {
        watched.reader = undefined;
      });
      return;
    }
  }

  removeWriter(descriptor: WriteDescriptor): void {
    checkHasDescriptors('removeWriter');
    for (const watched of this.#watched.values()) {
      if (watched.writer !== descriptor) continue;
      this.#change(watched, () => {
        watched.writer = undefined;
      });
      return;
    }
  }

  getReaders(): ReadDescriptor[] {
    return [...this.#watched.values()].flatMap(({ reader }) => (reader ? [reader] : []));
  }

  getWriters(): WriteDescriptor[] {
    return [...this.#watched.values()].flatMap(({ writer }) => (writer ? [writer] : []));
  }

  removeAll(): (ReadDescriptor | WriteDescriptor)[] {
    const removed = new Set([...this.getReaders(), ...this.getWriters()]);
    for (const watched of [...this.#watched.values()]) {
      this.#change(watched, () => {
        watched.reader = watched.writer = undefined;
      });
    }
    return [...removed];
  }

  readable(watched: WatchedDescriptor): void {
    const { reader } = watched;
    if (reader === undefined) return;
    try {
      this.#watchResult(reader, reader.doRead(), 'doRead');
    } catch (error) {
      this.#lose(reader, error, 'doRead');
    }
  }

  writable(watched: WatchedDescriptor): void {
    const { writer } = watched;
    if (writer === undefined) return;
    try {
      this.#watchResult(writer, writer.doWrite(), 'doWrite');
    } catch (error) {
      this.#lose(writer, error, 'doWrite');
    }
  }

  #watchResult(descriptor: ReadDescriptor | WriteDescriptor, result: unknown, where: string): void {
    if (result !== undefined) onRejection(result, (error) => this.#lose(descriptor, error, where));
  }

  #lose(descriptor: ReadDescriptor | WriteDescriptor, error: unknown, where: string): void {
    const reactor = this.#reactor;
    reactor.report(error, where);
    this.removeReader(descriptor as ReadDescriptor);
    this.removeWriter(descriptor as WriteDescriptor);
    try {
      const result: unknown = descriptor.connectionLost(toError(error));
      if (result !== undefined) {
        onRejection(result, (secondError) => reactor.report(secondError, 'connectionLost'));
      }
    } catch (secondError) {
      reactor.report(secondError, 'connectionLost');
    }
  }

  #watch(descriptor: Descriptor): WatchedDescriptor {
    checkFunction('fileno', descriptor.fileno);
    const fd = checkInteger('fileno()', descriptor.fileno(), 0, MAX_FD);
    return this.#watched.get(fd) ?? new WatchedDescriptor(fd, this);
  }

  /** Changes the reader or writer, and informs the core; if that fails, nothing has changed. */
  #change(watched: WatchedDescriptor, change: (watched: WatchedDescriptor) => void): void {
    const { reader, writer } = watched;
    change(watched);
    const interest =
      (watched.reader === undefined ? 0 : INTEREST_READ) |
      (watched.writer === undefined ? 0 : INTEREST_WRITE);
    const { loop } = this.#sockets;
    try {
      if (interest === 0) {
        loop.close(watched.handle);
        this.#sockets.forget(watched.handle);
        this.#watched.delete(watched.fd);
      } else if (watched.handle !== 0) {
        loop.setInterest(watched.handle, interest);
      } else {
        watched.handle = loop.watch(watched.fd, interest);
        this.#watched.set(watched.fd, watched);
        this.#sockets.add(watched);
      }
    } catch (error) {
      watched.reader = reader;
      watched.writer = writer;
      const { errno, syscall } = error as { errno: number; syscall: string };
      const cause = systemError(syscall, errno);
      // epoll(7): a descriptor that is always ready can't be watched.
      if (cause.code !== 'EPERM') throw cause;
      throw new UnsupportedError(
        'a regular file as descriptor',
        'it is always ready: read it with node:fs',
      );
    }
  }
}
