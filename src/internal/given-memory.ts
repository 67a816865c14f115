/**
 * Frees the memory of given bytes while it is in the processor's caches. V8 frees it when it collects the young objects that refer to
 * it: by itself every 32 MiB, and before that it often takes this memory for growth of its old generation and marks the whole heap.
 * docs/design.md has the measurements. The state is that of a thread, as V8's heap is.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { readonly type: 'minor' }) => void;

/** Since the last collection by {@link collectGiven}. */
let givenBytes = 0;
let collect: Collect | undefined;

/** That many bytes were given, in memory of their own. */
export function countGiven(bytes: number): void {
  givenBytes += bytes;
}

/**
 * Collects young objects if at least `limit` bytes were given since the last time. Between turns: then most are no longer in use. It
 * takes a fraction of a millisecond, unless many young objects are alive. Without effect in engines other than V8.
 */
export function collectGiven(limit: number): void {
  if (givenBytes < limit) return;
  givenBytes = 0;
  collect ??= findCollect();
  collect({ type: 'minor' });
}

/**
 * glibc returns freed memory to the system, and using it again costs a page fault for each 4 KiB, unless a block has been freed that
 * is larger than its thresholds: they rise to the size of that block, and for returning memory to twice the size, except where the
 * user has set them (mallopt(3)). This block is garbage for the first collection, and never touched.
 */
const FREED_BLOCK_BYTES = 16 * 1_024 * 1_024;

/** Another thread that sets and resets the flag at the same time can make an attempt fail. */
const MAX_ATTEMPTS = 5;

function findCollect(): Collect {
  try {
    Buffer.allocUnsafeSlow(FREED_BLOCK_BYTES);
  } catch {
    // There is no memory for it.
  }
  try {
    for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
      const found = gcOfNewContext() ?? gcOfFlaggedContext();
      if (found !== undefined) return found;
    }
  } catch {
    // Another engine, or one that refuses flags.
  }
  return () => {};
}

/** Contexts that are made while `--expose-gc` is set have `gc`. A global variable of that name may be anything. */
function gcOfNewContext(): Collect | undefined {
  return runInNewContext('globalThis.gc') as Collect | undefined;
}

/** Only if the flag is not set, which is the process's. */
function gcOfFlaggedContext(): Collect | undefined {
  setFlagsFromString('--expose-gc');
  try {
    return gcOfNewContext();
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
