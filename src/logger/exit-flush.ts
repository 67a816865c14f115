/** Work for the end of the process: one listener for all files. */

const flushes = new Map<object, () => void>();

/** @param flush Runs when the process exits; must be synchronous, and must not throw. */
export function atExit(owner: object, flush: () => void): void {
  if (flushes.size === 0) process.on('exit', flushAll);
  flushes.set(owner, flush);
}

export function notAtExit(owner: object): void {
  flushes.delete(owner);
  if (flushes.size === 0) process.off('exit', flushAll);
}

function flushAll(): void {
  for (const flush of flushes.values()) flush();
}
