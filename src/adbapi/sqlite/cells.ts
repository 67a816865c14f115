/**
 * The memory that a connection to SQLite shares with its thread, because a thread in code of SQLite receives no messages. A thread
 * that ends there ends the process with it: the drivers for Node throw an exception that V8 does not accept then. When the process
 * exits, the connections are therefore told to leave that code, and waited for.
 */

/** The number of independent statements that a connection accepts before it has answered the first. */
export const PIPELINE_DEPTH = 64;

/** The cell that is 1 while the thread may be in code of SQLite. */
export const BUSY = 0;
/** The cell that is 1 if the thread must not enter code of SQLite any more. */
export const LEAVING = 1;
/** The cells from here on are slots: 1 if their statement is to be stopped. */
export const FIRST_SLOT = 2;
/** A function that does not wait for its statements may start more than there are slots: the others are cancelled together. */
export const SHARED_SLOT: number = FIRST_SLOT + PIPELINE_DEPTH;

/** Milliseconds between two looks at {@link BUSY} when the process exits. */
const LOOK_MS = 1;

/** The cells of the threads that run. */
const running = new Set<Int32Array>();

export function makeCells(): Int32Array {
  const bytes = (SHARED_SLOT + 1) * Int32Array.BYTES_PER_ELEMENT;
  return new Int32Array(new SharedArrayBuffer(bytes));
}

/** Stops all statements. */
export function stopAll(cells: Int32Array): void {
  for (let slot = FIRST_SLOT; slot <= SHARED_SLOT; slot++) Atomics.store(cells, slot, 1);
}

/** @param ended When the thread has ended. */
export function leaveAtExit(cells: Int32Array, ended: Promise<unknown>): void {
  if (running.size === 0) process.on('exit', leave);
  running.add(cells);
  void ended.then(() => {
    running.delete(cells);
    if (running.size === 0) process.off('exit', leave);
  });
}

/** Node waits for threads as well, without a limit. */
function leave(): void {
  for (const cells of running) {
    Atomics.store(cells, LEAVING, 1);
    stopAll(cells);
  }
  for (const cells of running) {
    while (Atomics.load(cells, BUSY) === 1) Atomics.wait(cells, BUSY, 1, LOOK_MS);
  }
}
