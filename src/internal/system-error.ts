/** Makes the errors that Node makes for failed system calls, from an errno. */
import { getSystemErrorMap } from 'node:util';

import { type SystemError, withoutStack } from '../core/errors.js';

/**
 * @param errno Positive, as C has it.
 * @param syscall The call that failed, such as `recv`.
 */
export function systemError(
  syscall: string,
  errno: number,
  address?: string,
  port?: number,
): SystemError {
  const [code, message] = getSystemErrorMap().get(-errno) ?? [`E${errno}`, 'unknown error'];
  const where = address === undefined ? '' : ` ${address}${port === undefined ? '' : `:${port}`}`;
  const error = withoutStack(() => new Error(`${syscall} ${code}: ${message}${where}`));
  return Object.assign(error, {
    errno: -errno,
    code,
    syscall,
    ...(address === undefined ? {} : { address }),
    ...(port === undefined ? {} : { port }),
  });
}
