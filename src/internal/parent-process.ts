/** The parent of a process that was started with a channel to it. */

/**
 * Calls `gone` once, when the channel to the parent is closed. It may be closed before this is called, if the parent ended while
 * this process was still loading its modules: `disconnect` is not emitted again then. Without a channel there is no call.
 */
export function whenParentIsGone(gone: () => void): void {
  if (process.connected === false) setImmediate(gone);
  else process.once('disconnect', gone);
}
