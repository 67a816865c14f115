/** How the writes of one turn become the pieces that the other end receives. */

/**
 * Makes pieces out of the writes that wait. The pieces have to be the same bytes in the same order; a piece of more than 64 KiB
 * arrives in several.
 */
export type PumpPolicy = (writes: readonly Buffer[]) => Iterable<Uint8Array>;

/** Delivers each write as it was made: what a network never promises, and tests with a peer in mind like to see. */
export const identityPumpPolicy: PumpPolicy = (writes) => writes;

/** Delivers everything that waits in one piece. */
export const collapsingPumpPolicy: PumpPolicy = (writes) => [Buffer.concat(writes)];
