/** The paths of UNIX sockets in tests: in a folder of their own, or, on Windows, among the names of pipes. */
import { basename, join } from 'node:path';

import { WINDOWS } from '../../internal/platform.js';

/** @param folder Made for these tests: its name makes that of a pipe unique. */
export function socketPathIn(folder: string, name: string): string {
  return WINDOWS ? `\\\\.\\pipe\\${basename(folder)}-${name}` : join(folder, name);
}
