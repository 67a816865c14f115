/** Detects whether a debugger may stop this process. */

/** Whether this process listens for a debugger. A thread does not know this: only its process does. */
export function isDebugged(): boolean {
  // Not imported: some builds of Node lack it.
  return process.getBuiltinModule?.('node:inspector')?.url() !== undefined;
}
