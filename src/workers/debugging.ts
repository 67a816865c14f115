/** Whether a debugger may stop this process. */

/** Whether this process listens for a debugger. A thread is not told: its process is to be asked. */
export function isDebugged(): boolean {
  // Not imported: there are Nodes without it.
  return process.getBuiltinModule?.('node:inspector')?.url() !== undefined;
}
