/** Errors of serial lines. */
import { RopewalkError } from '../core/errors/base.js';

const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'Add the user to the group of the device, usually dialout or uucp',
  EBUSY: 'Another program uses the device',
  ENOENT: 'Check that the device is plugged in',
};

/** The device of a serial line cannot be opened: see `cause`. */
export class SerialPortError extends RopewalkError {
  override readonly name = 'SerialPortError';
  override readonly code = 'ERR_SERIAL_PORT';
  readonly path: string;

  constructor(path: string, cause: Error) {
    const hint = HINTS[(cause as { readonly code?: string }).code ?? ''];
    super(`cannot open ${path}: ${cause.message}${hint === undefined ? '' : `. ${hint}`}`, {
      cause,
    });
    this.path = path;
  }
}
