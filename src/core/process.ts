/** Child processes: the interfaces of protocols and of transports. */
import type { ProcessClosed } from './errors/processes.js';
import type { MaybeAsync } from './maybe-async.js';
import { notConnected } from './not-connected.js';
import type { Consumer, PushProducer } from './producer.js';
import type { TerminalSize } from './terminal-size.js';
import type { Transport } from './transport.js';

/**
 * A running child process.
 *
 * It is a consumer of its standard input, and a push producer of its outputs. Its pipes are numbered like the descriptors of the
 * child: {@link pipe} returns the transport of one. With a terminal (`pty`), all standard descriptors are the terminal, which is
 * pipe 1; its output arrives as that of descriptor 1.
 *
 * No method calls back into the protocol before it returns, except into a registered producer.
 */
export interface ProcessTransport extends Consumer, PushProducer {
  /** Undefined once it has exited, before `processExited`: the number may then belong to another process. */
  readonly pid: number | undefined;
  readonly executable: string;
  /** Bytes for the standard input that the system has not accepted yet. */
  readonly bufferedBytes: number;

  /** Writes to the standard input, as {@link Transport.write} does. Dropped silently if it is closed or is not a pipe. */
  write(data: Uint8Array | string): void;
  writeSequence(parts: Iterable<Uint8Array | string>): void;
  /**
   * Writes to any descriptor that the parent writes to; dropped silently if it is closed.
   * @throws InvalidArgumentValueError the child has no such pipe, or the parent only reads from it.
   */
  writeToChild(number: number, data: Uint8Array | string): void;

  /** Ends the standard input after everything written was sent. @throws UnsupportedError it is a terminal. */
  closeStdin(): void;
  /** Closes this process's end of the standard output: a child that writes more gets SIGPIPE. */
  closeStdout(): void;
  closeStderr(): void;
  /**
   * Closes this process's end of a pipe, after everything written was sent.
   * @throws InvalidArgumentValueError the child has no such pipe.
   */
  closeChildDescriptor(number: number): void;
  /** The transport of a pipe, by the child's descriptor; undefined if the child has none. It can be paused alone. */
  pipe(number: number): Transport | undefined;

  /** Stops receiving from all pipes: once the system's buffers are full, the child waits. */
  pauseProducing(): void;
  resumeProducing(): void;
  /** Closes all pipes, as {@link loseConnection} does. */
  stopProducing(): void;
  /**
   * Closes all pipes, after everything written was sent. The process is not signalled; most programs end when their input does.
   * Closing a terminal sends SIGHUP to its session.
   */
  loseConnection(): void;

  /**
   * Sends a signal.
   * @param signal A name, such as `SIGTERM`, or a number; 0 only checks whether it may be signalled.
   * @param options.group Sends it to all processes of its group. It must have been started with a session, a new process group or a
   * terminal.
   * @throws ProcessExitedAlreadyError
   * @throws SystemError EPERM: the process has changed its user.
   * @throws UnsupportedError Windows has no such signal.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  signalProcess(signal: NodeJS.Signals | number, options?: SignalOptions): void;

  /** The size of its terminal. @throws UnsupportedError it has none. */
  getTerminalSize(): Required<TerminalSize>;
  /** Changes the size of its terminal: the foreground processes receive SIGWINCH. @throws UnsupportedError it has none. */
  setTerminalSize(size: TerminalSize): void;
}

export interface SignalOptions {
  /** Default false. */
  readonly group?: boolean;
}

/**
 * The methods that a reactor calls. {@link ProcessProtocol} is the usual base.
 *
 * Order: `makeConnection`; then data and the ends of pipes; `processExited` when the process has exited, which may be before its
 * last data arrives; `processEnded` when it has exited and all pipes are closed. A grandchild that inherited a pipe keeps it open,
 * and `processEnded` waits for it.
 *
 * An exception is reported. One of `childDataReceived` closes that pipe, one of `makeConnection` all pipes.
 */
export interface ProcessReceiver {
  /**
   * Whether `childDataReceived` accepts lent bytes, which are valid until it returns and are overwritten afterwards, as for
   * {@link StreamProtocol.acceptsLentBytes}. Read for each delivery. Default false.
   */
  readonly acceptsLentBytes?: boolean;
  makeConnection(transport: ProcessTransport): unknown;
  /** @param data At most 64 KiB; yours to keep, unless {@link acceptsLentBytes}. */
  childDataReceived(number: number, data: Buffer): unknown;
  /** A pipe is closed. Called once for each pipe, but not for a terminal. */
  childConnectionLost(number: number): unknown;
  /** The process has exited. Called once. */
  processExited(reason: ProcessClosed): unknown;
  /** The process has exited and all its pipes are closed. Called once, last. */
  processEnded(reason: ProcessClosed): unknown;
}

const NOT_STARTED = notConnected<ProcessTransport>(
  {
    closeChildDescriptor: true,
    closeStderr: true,
    closeStdin: true,
    closeStdout: true,
    getTerminalSize: true,
    loseConnection: true,
    pauseProducing: true,
    pipe: true,
    registerProducer: true,
    resumeProducing: true,
    setTerminalSize: true,
    signalProcess: true,
    stopProducing: true,
    unregisterProducer: true,
    write: true,
    writeSequence: true,
    writeToChild: true,
  },
  'connectionMade',
);

/** Base for protocols of child processes: override what you need. */
export class ProcessProtocol implements ProcessReceiver {
  /** The process. Its methods throw a {@link NotConnectedError} before `connectionMade`. */
  transport: ProcessTransport = NOT_STARTED;
  /** {@link ProcessReceiver.acceptsLentBytes}. Absent unless a subclass defines it. */
  declare readonly acceptsLentBytes?: boolean;

  makeConnection(transport: ProcessTransport): MaybeAsync {
    this.transport = transport;
    return this.connectionMade();
  }

  /** The process is running. Called once. */
  connectionMade(): MaybeAsync {}

  /** Calls `outReceived` and `errReceived` for descriptors 1 and 2. */
  childDataReceived(number: number, data: Buffer): MaybeAsync {
    if (number === 1) return this.outReceived(data);
    if (number === 2) return this.errReceived(data);
  }

  /** The standard output, or the output of a terminal. */
  outReceived(_data: Buffer): MaybeAsync {}

  errReceived(_data: Buffer): MaybeAsync {}

  /** Calls `inConnectionLost`, `outConnectionLost` and `errConnectionLost` for descriptors 0 to 2. */
  childConnectionLost(number: number): MaybeAsync {
    if (number === 0) return this.inConnectionLost();
    if (number === 1) return this.outConnectionLost();
    if (number === 2) return this.errConnectionLost();
  }

  inConnectionLost(): MaybeAsync {}

  outConnectionLost(): MaybeAsync {}

  errConnectionLost(): MaybeAsync {}

  processExited(_reason: ProcessClosed): MaybeAsync {}

  processEnded(_reason: ProcessClosed): MaybeAsync {}
}

/** A protocol of a process as a plain object. All methods are optional; each receives the transport as its last argument. */
export interface ProcessHandlers {
  /** {@link ProcessReceiver.acceptsLentBytes}. */
  readonly acceptsLentBytes?: boolean;
  connectionMade?(transport: ProcessTransport): unknown;
  childDataReceived?(number: number, data: Buffer, transport: ProcessTransport): unknown;
  childConnectionLost?(number: number, transport: ProcessTransport): unknown;
  processExited?(reason: ProcessClosed, transport: ProcessTransport): unknown;
  processEnded?(reason: ProcessClosed, transport: ProcessTransport): unknown;
}

/** A protocol as `spawnProcess` accepts it. */
export type ProcessProtocolLike = ProcessReceiver | ProcessHandlers;
