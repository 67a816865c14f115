/** Makes the errors that Node makes for failed system calls, from an errno. */
import { getSystemErrorMap } from 'node:util';

import { type SystemError, withoutStack } from '../core/errors.js';

/**
 * @param failure The number, positive, or the name. On Windows only libuv's numbers are known, which are not those of C:
 *   what this package itself makes up has a name.
 * @param syscall The call that failed, such as `recv`.
 */
export function systemError(
  syscall: string,
  failure: number | string,
  address?: string,
  port?: number,
): SystemError {
  const errno = typeof failure === 'number' ? failure : (errnos().get(failure) ?? 0);
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

let known: ReadonlyMap<string, number> | undefined;

function errnos(): ReadonlyMap<string, number> {
  known ??= new Map([...getSystemErrorMap()].map(([errno, [name]]) => [name, -errno]));
  return known;
}
