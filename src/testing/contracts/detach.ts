/** Detaches memory from all its views. */

/**
 * Detaches `memory` by all means that this Node has. Memory that can't be detached is left alone: that of the native reactor before
 * Node 22.
 * @returns Whether it was detached.
 */
export function detach(memory: ArrayBuffer): boolean {
  const transferable = memory as ArrayBuffer & { transfer?(): ArrayBuffer };
  const ways = [
    () => structuredClone(memory, { transfer: [memory] }),
    () => transferable.transfer?.(),
  ];
  for (const way of ways) {
    try {
      if (memory.byteLength > 0) way();
    } catch {
      // It is marked as untransferable.
    }
  }
  return memory.byteLength === 0;
}
