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

/** `gc` exists in contexts that are made while the flag is set. The flag is the process's: if the user has set it, it stays. */
function findCollect(): Collect {
  Buffer.allocUnsafeSlow(FREED_BLOCK_BYTES);
  const exposed = 'gc' in globalThis;
  try {
    if (!exposed) setFlagsFromString('--expose-gc');
    const made: unknown = runInNewContext('gc');
    if (!exposed) setFlagsFromString('--no-expose-gc');
    if (typeof made === 'function') return made as Collect;
  } catch {
    // Another engine, or one that refuses flags.
  }
  return () => {};
}
