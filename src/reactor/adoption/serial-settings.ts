/** The parameters of a serial line, checked. */
import type { SerialOptions } from '../../core/adopt-options.js';
import { checkChoice, checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';

const OPTIONS: OptionNames<SerialOptions> = {
  baudRate: true,
  dataBits: true,
  stopBits: true,
  parity: true,
  flowControl: true,
};
const PARITIES = ['none', 'even', 'odd'] as const;
const FLOW_CONTROLS = ['none', 'hardware', 'software'] as const;
/** More than any device has. */
const MAX_BAUD_RATE = 100_000_000;

/**
 * @returns The integers of `configureSerial` in native/binding_pipes.cc.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function serialInts(settings: SerialOptions): Int32Array {
  checkOptions('configureSerial', settings, OPTIONS);
  const { parity = 'none', flowControl = 'none' } = settings;
  return Int32Array.of(
    checkInteger('baudRate', settings.baudRate ?? 9600, 1, MAX_BAUD_RATE),
    checkInteger('dataBits', settings.dataBits ?? 8, 5, 8),
    checkInteger('stopBits', settings.stopBits ?? 1, 1, 2),
    PARITIES.indexOf(checkChoice('parity', parity, PARITIES)),
    FLOW_CONTROLS.indexOf(checkChoice('flowControl', flowControl, FLOW_CONTROLS)),
  );
}
