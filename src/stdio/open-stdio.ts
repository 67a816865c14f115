/** Opens standard input and output as a transport. */
import { fstatSync } from 'node:fs';

import { UnsupportedError } from '../core/errors/reactor.js';
import { builtProtocol, type FactoryLike, toFactory } from '../core/factory.js';
import type { ReactorAdoption } from '../core/reactor-adoption.js';
import type { ReactorPipes } from '../core/reactor-pipes.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import type { TerminalSize } from '../core/terminal-size.js';
import type { Transport } from '../core/transport.js';
import { failConnection, failOnRejection } from '../defer/callback-result.js';
import { checkFunction, checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { STDIO_ADDRESS, StandardIO } from './standard-io.js';
import type { StdioTransport } from './stdio-transport.js';

export interface StdioOptions {
  /** The descriptor to read. Default 0. */
  readonly stdin?: number;
  /** The descriptor to write. Default 1. */
  readonly stdout?: number;
  /**
   * Called when the window of the terminal has another size (SIGWINCH), until the connection is lost. An exception ends the
   * connection.
   */
  readonly onResize?: (size: TerminalSize) => void;
}

export const STDIO_OPTIONS: OptionNames<StdioOptions> = {
  stdin: true,
  stdout: true,
  onResize: true,
};
const MAX_FD = 2 ** 31 - 1;

/** The facets of a reactor that {@link openStdio} uses. */
export type StdioReactor = ReactorPipes & ReactorAdoption;

/**
 * Connects a protocol to standard input and output: to pipes, files, terminals, or sockets such as those of inetd. Do not use
 * `process.stdin` and `process.stdout` at the same time. The descriptors stay open when the connection is lost (the
 * pure-JS reactor closes those above 2), so a reader of the output sees its end when the process exits.
 *
 * @returns Null if `buildProtocol` returned null.
 * @throws DescriptorError a descriptor is not open for its direction.
 * @throws UnsupportedError the reactor has no descriptors.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function openStdio(
  reactor: StdioReactor,
  factory: FactoryLike,
  options: StdioOptions = {},
): StdioTransport | null {
  checkOptions('openStdio', options, STDIO_OPTIONS);
  const stdin = checkInteger('stdin', options.stdin ?? 0, 0, MAX_FD);
  const stdout = checkInteger('stdout', options.stdout ?? 1, 0, MAX_FD);
  const { onResize } = options;
  if (onResize !== undefined) checkFunction('onResize', onResize);
  const protocol = builtProtocol(toFactory(factory), STDIO_ADDRESS);
  if (protocol === null) return null;
  const io: StandardIO = new StandardIO(protocol, () => process.off('SIGWINCH', resized));
  const resized = (): void => {
    const size = io.getTerminalSize();
    if (size === undefined || onResize === undefined) return;
    try {
      const result: unknown = onResize(size);
      if (result !== undefined) failOnRejection(result, io, 'onResize');
    } catch (error) {
      failConnection(io, error, 'onResize');
    }
  };
  const [input, output] = openSides(reactor, stdin, stdout, io);
  if (onResize !== undefined) process.on('SIGWINCH', resized);
  io.start(input, output);
  return io;
}

function openSides(
  reactor: StdioReactor,
  stdin: number,
  stdout: number,
  io: StandardIO,
): [Transport, Transport] {
  if (isSameSocket(stdin, stdout)) {
    const socket = adoptSocket(reactor, stdin, bothSides(io));
    return [socket, socket];
  }
  const output = openSide(reactor, stdout, 'write', outputSide(io));
  try {
    return [openSide(reactor, stdin, 'read', inputSide(io)), output];
  } catch (error) {
    io.discard();
    output.abortConnection();
    throw error;
  }
}

function openSide(
  reactor: StdioReactor,
  fd: number,
  direction: 'read' | 'write',
  side: StreamProtocol,
): Transport {
  if (isSocket(fd)) return adoptSocket(reactor, fd, side);
  const name = direction === 'read' ? 'standard input' : 'standard output';
  return ownOrShared((takeOver) =>
    reactor.adoptPipe(fd, () => side, { direction, name, takeOver }),
  );
}

function adoptSocket(reactor: StdioReactor, fd: number, side: StreamProtocol): Transport {
  return ownOrShared((takeOver) => reactor.adoptStreamConnection(fd, () => side, { takeOver }));
}

/** The pure-JS reactor can only take descriptors over; it leaves the standard ones open. */
function ownOrShared(adopt: (takeOver: boolean) => Transport | null): Transport {
  try {
    return adopt(false) as Transport;
  } catch (error) {
    const needsOwn = error instanceof UnsupportedError && error.feature === 'takeOver: false';
    if (!needsOwn) throw error;
    return adopt(true) as Transport;
  }
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}

function isSameSocket(one: number, other: number): boolean {
  if (!isSocket(one) || !isSocket(other)) return false;
  return fstatSync(one).ino === fstatSync(other).ino;
}

function inputSide(io: StandardIO): StreamProtocol {
  return {
    get acceptsLentBytes() {
      return io.acceptsLentBytes;
    },
    makeConnection: () => {},
    dataReceived: (data) => io.dataReceived(data),
    connectionLost: (reason) => io.inputLost(reason),
  };
}

function outputSide(io: StandardIO): StreamProtocol {
  return {
    makeConnection: () => {},
    dataReceived: () => {},
    connectionLost: (reason) => io.outputLost(reason),
  };
}

function bothSides(io: StandardIO): StreamProtocol {
  return {
    get acceptsLentBytes() {
      return io.acceptsLentBytes;
    },
    makeConnection: () => {},
    dataReceived: (data) => io.dataReceived(data),
    readConnectionLost: () => io.inputEnded(),
    writeConnectionLost: () => io.outputEnded(),
    connectionLost: (reason) => io.socketLost(reason),
  };
}
