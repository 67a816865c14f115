/** Fills the heap of its thread. */
export function hoard(): void {
  const kept: unknown[] = [];
  for (;;) kept.push(new Array(1_000).fill(kept.length));
}
