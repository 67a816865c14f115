/**
 * Names of files as this folder keeps them: a string with one character, U+0000 to U+00FF, for each byte, because names on
 * POSIX are bytes and need not be UTF-8. On Windows they are ordinary text.
 */
import { isAbsolute, join } from 'node:path';

import { WINDOWS } from '../internal/platform.js';

/** A name or path in the form described above. */
export type FileName = string;

/** The encoding of names that `node:fs` returns. */
export const NAME_ENCODING: 'utf8' | 'latin1' = WINDOWS ? 'utf8' : 'latin1';

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const ASCII = /^[\x00-\x7f]*$/;

export function toFileName(path: string | Uint8Array): FileName {
  if (typeof path !== 'string') return Buffer.from(path).toString(NAME_ENCODING);
  return WINDOWS || ASCII.test(path) ? path : Buffer.from(path).toString('latin1');
}

/** U+FFFD replaces bytes that are not UTF-8. */
export function textOf(name: FileName): string {
  return WINDOWS || ASCII.test(name) ? name : Buffer.from(name, 'latin1').toString();
}

export function bytesOf(name: FileName): Buffer {
  return Buffer.from(name, NAME_ENCODING);
}

/** For functions of `node:fs`. */
export function pathOf(name: FileName): string | Buffer {
  return WINDOWS || ASCII.test(name) ? name : Buffer.from(name, 'latin1');
}

/** Without `.` and `..`, and without a separator at the end. */
export function absolute(name: FileName): FileName {
  const path = isAbsolute(name) ? name : join(toFileName(process.cwd()), name);
  return join(path, '.');
}
