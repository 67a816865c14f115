/** Streams over descriptors other than sockets. */
import type { AdoptPipeOptions } from './adopt-options.js';
import type { FactoryLike } from './factory.js';
import type { PipeTransport } from './transport.js';

export interface ReactorPipes {
  /**
   * Makes a transport of an open descriptor other than a socket: an end of a pipe, a FIFO, a terminal, the master of a
   * pseudo-terminal, a serial line, a file. A protocol is built as for an accepted connection, but the factory's `doStart` and `doStop`
   * are not called. If this throws, the caller still owns the descriptor.
   *
   * Files, and devices such as `/dev/null`, cannot be polled: Node's thread pool reads or writes them, in one direction only. Without
   * `takeOver`, such a descriptor must stay open until `connectionLost`.
   *
   * A descriptor that is only read or only written has one direction: `connectionLost` follows when a writer has closed its end, or
   * (native, on Linux) when no reader is left; `loseWriteConnection` of a written one is `loseConnection`. A terminal whose other side is
   * gone (EIO) has ended like a pipe.
   *
   * The descriptor is non-blocking while it is open here. That concerns every process that shares the open file, so it is undone
   * when the transport is closed, but not if the process is killed. Without `takeOver`, Linux opens pipes and terminals anew, and
   * nobody else is concerned.
   *
   * @returns Null if `buildProtocol` returned null, or threw, which is reported: the descriptor is then closed.
   * @throws DescriptorError it is not open for this direction, or is a socket (`adoptStreamConnection`), a folder, or a file with
   * direction `both`.
   * @throws UnsupportedError on Windows, and `takeOver: false` on the pure-JS reactor.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  adoptPipe(fd: number, factory: FactoryLike, options: AdoptPipeOptions): PipeTransport | null;
}
