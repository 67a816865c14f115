/** Pump policies: how the writes of one turn become the pieces that the other end receives. */

/**
 * Makes pieces out of the unsent writes. The pieces must be the same bytes in the same order; a piece of more than 64 KiB
 * arrives in several.
 */
export type PumpPolicy = (writes: readonly Buffer[]) => Iterable<Uint8Array>;

/** Delivers each write as one piece, which a network never promises. */
export const identityPumpPolicy: PumpPolicy = (writes) => writes;

/** Delivers all unsent bytes in one piece. */
export const collapsingPumpPolicy: PumpPolicy = (writes) => [Buffer.concat(writes)];
