/** The objects that move with a result. */
import type { Transferable } from 'node:worker_threads';

export const TRANSFERS: WeakMap<object, readonly Transferable[]> = new WeakMap();

export function transfersOf(value: unknown): readonly Transferable[] {
  return typeof value === 'object' && value !== null ? (TRANSFERS.get(value) ?? []) : [];
}
