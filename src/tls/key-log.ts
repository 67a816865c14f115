/** The keys of connections in a file, in the format of NSS, which Wireshark reads. */
import { appendFileSync, closeSync, openSync } from 'node:fs';

import { TLSContextError } from '../core/errors/tls.js';
import { messageOf } from '../core/text-of.js';
import { checkString } from '../internal/check.js';

/** @returns A function that appends a line. @throws TLSContextError the file cannot be written. */
export function keyLogTo(file: string): (line: string) => void {
  checkString('keyLogFile', file);
  try {
    closeSync(openSync(file, 'a', 0o600));
  } catch (cause) {
    throw new TLSContextError(`keyLogFile cannot be written: ${messageOf(cause)}`, { cause });
  }
  return (line) => appendFileSync(file, `${line}\n`);
}
