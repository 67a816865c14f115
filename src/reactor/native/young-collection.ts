/**
 * Collections of V8's young objects, paced by the memory of given bytes. V8 frees that memory when it collects the objects that
 * refer to it. By itself it does so every 32 MiB, whatever the processor's caches hold, and before that it often takes the young
 * memory for growth of its old generation and marks the whole heap. docs/design.md has the measurements.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { readonly type: 'minor' }) => void;

let collect: Collect | undefined;

/** Collects young objects: a fraction of a millisecond, unless many are alive. Without effect where V8 is missing. */
export function collectYoungObjects(): void {
  collect ??= findCollect();
  collect({ type: 'minor' });
}

/** `gc` exists in contexts that are made while the flag is set. */
function findCollect(): Collect {
  const own: unknown = Reflect.get(globalThis, 'gc');
  if (typeof own === 'function') return own as Collect;
  try {
    setFlagsFromString('--expose-gc');
    const made: unknown = runInNewContext('gc');
    setFlagsFromString('--no-expose-gc');
    if (typeof made === 'function') return made as Collect;
  } catch {
    // Another engine, or one that refuses flags.
  }
  return () => {};
}
