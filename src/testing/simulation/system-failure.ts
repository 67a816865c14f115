/** Makes the errors of failed system calls by their names, whose numbers differ between platforms. */
import { getSystemErrorMap } from 'node:util';
import type { SystemError } from '../../core/errors.js';
import { systemError } from '../../internal/system-error.js';

const ERRNOS: ReadonlyMap<string, number> = new Map(
  [...getSystemErrorMap()].map(([errno, [name]]) => [name, -errno]),
);

/** @param code A name such as `ECONNRESET`. */
export function systemFailure(
  syscall: string,
  code: string,
  address?: string,
  port?: number,
): SystemError {
  return systemError(syscall, ERRNOS.get(code) ?? 0, address, port);
}
