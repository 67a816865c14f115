/** Turns the errors of look-ups into those that callers receive. */

import { getSystemErrorMap } from 'node:util';
import { type SystemError, withoutStack } from '../core/errors/base.js';
import {
  NameLookupFailedError,
  NameNotFoundError,
  NameResolutionError,
} from '../core/errors/names.js';
import { messageOf } from '../core/text-of.js';

/**
 * EAI_ADDRFAMILY: the name exists, but has only addresses of the other family. ENOENT is libuv's translation of WSANO_DATA,
 * which Windows reports in that case.
 */
const NOT_FOUND: readonly unknown[] = ['ENOTFOUND', 'EAI_ADDRFAMILY', 'ENOENT'];

export function nameErrorFrom(cause: Error, name: string): NameResolutionError {
  if (cause instanceof NameResolutionError) return cause;
  const { code } = cause as Partial<SystemError>;
  return withoutStack(() =>
    NOT_FOUND.includes(code)
      ? new NameNotFoundError('no such name', name, { cause })
      : new NameLookupFailedError(`cannot look up (${code ?? messageOf(cause)})`, name, { cause }),
  );
}

/** libuv's number on all platforms for a name that does not exist. */
export const EAI_NONAME = 3008;

/**
 * The error with which `dns.lookup` fails.
 * @param errno libuv's number, positive: its EAI_... are the same everywhere.
 */
export function systemLookupError(errno: number, hostname: string): SystemError {
  const name = getSystemErrorMap().get(-errno)?.[0] ?? `E${errno}`;
  const code = name === 'EAI_NONAME' || name === 'EAI_NODATA' ? 'ENOTFOUND' : name;
  const error = withoutStack(() => new Error(`getaddrinfo ${code} ${hostname}`));
  return Object.assign(error, { errno: -errno, code, syscall: 'getaddrinfo', hostname });
}
