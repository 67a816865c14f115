/** The time in which a function may use a connection. */
import { CancelledError } from '../defer/errors.js';

/** An object that is usable until its function ends. */
export interface Scope {
  end(): void;
}

/** The result of a function, unless `signal` aborts first. The function continues then, and its outcome is dropped. */
export async function untilAborted<T>(
  run: () => T | PromiseLike<T>,
  signal: AbortSignal,
): Promise<T> {
  let stop = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(new CancelledError());
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([run(), aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
