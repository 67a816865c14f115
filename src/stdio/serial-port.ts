/** Serial lines. */
import { closeSync, constants, openSync } from 'node:fs';

import type { SerialOptions } from '../core/adopt-options.js';
import type { FactoryLike } from '../core/factory.js';
import type { ReactorPipes } from '../core/reactor-pipes.js';
import type { PipeTransport } from '../core/transport.js';
import { checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { SerialPortError } from './errors.js';

/** The parameters of the line, with their defaults: 9,600 bits per second, 8 data bits, 1 stop bit, no parity, no flow control. */
export interface SerialPortOptions extends SerialOptions {}

const OPTIONS: OptionNames<SerialPortOptions> = {
  baudRate: true,
  dataBits: true,
  stopBits: true,
  parity: true,
  flowControl: true,
};

/**
 * Opens a serial line, sets its parameters, and connects a protocol to it. Bytes pass unchanged. The line is lost when its device is
 * unplugged. Change parameters later with `configureSerial` of the transport. Native only.
 *
 * @param path The device: `/dev/ttyUSB0`, `/dev/cu.usbserial-1`.
 * @returns Null if `buildProtocol` returned null.
 * @throws SerialPortError the device cannot be opened.
 * @throws DescriptorError it is a folder or a file.
 * @throws UnsupportedError it is not a serial line, or lacks a setting; the pure-JS reactor cannot set any.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function openSerialPort(
  reactor: ReactorPipes,
  path: string,
  factory: FactoryLike,
  options: SerialPortOptions = {},
): PipeTransport | null {
  checkString('path', path);
  checkOptions('openSerialPort', options, OPTIONS);
  const fd = open(path);
  const name = path;
  try {
    return reactor.adoptPipe(fd, factory, { direction: 'both', name, serial: options });
  } finally {
    // Not taken over: at the end of a worker, Node closes the numbers that were opened there and not closed by itself.
    closeSync(fd);
  }
}

/** Without waiting for the carrier of a modem. @throws SerialPortError */
function open(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  } catch (error) {
    throw new SerialPortError(path, error as Error);
  }
}
