/** Calls that take options of `ropewalk/files`. */
import { watchFiles } from '../../src/files/index.js';
import { MemoryReactor } from '../../src/testing/index.js';
import type { Call } from './option-calls.js';

export const FILES_CALLS: Readonly<Record<string, readonly Call[]>> = {
  WatchFilesOptions: [(o) => watchFiles(new MemoryReactor(), '.', o)],
};
