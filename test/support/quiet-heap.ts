/**
 * A heap whose garbage collector does not wake up Node's loop.
 *
 * While V8 marks incrementally, its task posts itself again after each step: an idle process then runs hundreds of passes of its
 * loop in a row, whatever that loop waits for. The tests of idle programs count passes, so they turn this off.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Ends a marking in progress, and keeps V8 from beginning another one in this process. */
export function quietHeap(): void {
  for (const flag of ['--expose-gc', '--no-incremental-marking', '--no-concurrent-sweeping']) {
    setFlagsFromString(flag);
  }
  (runInNewContext('gc') as () => void)();
}
