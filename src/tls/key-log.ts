/** The keys of connections in a file, in the format of NSS, which Wireshark reads. */
import { appendFileSync, closeSync, openSync } from 'node:fs';

import { TLSContextError } from '../core/errors/tls.js';
import { messageOf } from '../core/text-of.js';
import { checkString } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';

/**
 * @returns A function that appends a line, and never throws: a log that cannot be written any more is reported once and given up.
 * @throws TLSContextError the file cannot be written.
 */
export function keyLogTo(file: string): (line: string) => void {
  checkString('keyLogFile', file);
  try {
    closeSync(openSync(file, 'a', 0o600));
  } catch (cause) {
    throw new TLSContextError(`keyLogFile cannot be written: ${messageOf(cause)}`, { cause });
  }
  let failed = false;
  return (line) => {
    if (failed) return;
    try {
      appendFileSync(file, `${line}\n`);
    } catch (error) {
      failed = true;
      reportError(error, 'keyLogFile, which is no longer written');
    }
  };
}
