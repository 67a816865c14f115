/** Makes errors like those of Node for failed system calls, from an errno. */
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

import { type SystemError, withoutStack } from '../core/errors/base.js';

/**
 * @param failure The number of C or of libuv, positive; they differ only on Windows. Or the name, for errors that this package
 *   makes itself.
 * @param syscall The call that failed, such as `recv`.
 */
export function systemError(
  syscall: string,
  failure: number | string,
  address?: string,
  port?: number,
): SystemError {
  const errno = libuvNumber(failure);
  const [code, message] = getSystemErrorMap().get(-errno) ?? [nameInC(errno), 'system error'];
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

/** The addon uses the numbers of C, Node those of libuv: both use the same names. */
function libuvNumber(failure: number | string): number {
  if (typeof failure === 'string') return errnos().get(failure) ?? 0;
  if (getSystemErrorMap().has(-failure)) return failure;
  return errnos().get(nameInC(failure)) ?? failure;
}

/** libuv does not know all: ENOEXEC. */
function nameInC(failure: number): string {
  const inC = Object.entries(constants.errno).find(([, errno]) => errno === failure);
  return inC?.[0] ?? `E${failure}`;
}

let known: ReadonlyMap<string, number> | undefined;

function errnos(): ReadonlyMap<string, number> {
  known ??= new Map([...getSystemErrorMap()].map(([errno, [name]]) => [name, -errno]));
  return known;
}
