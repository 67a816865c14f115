/** The states of a Deferred: bits of one field. */

export const FIRED = 1;
/** A callback of this Deferred is on the stack. */
export const RUNNING = 2;
/** The result is a failure. */
export const FAILED = 4;
/** It was cancelled and nothing could be stopped: one `callback` or `errback` that comes late means nothing. */
export const LATE_ALLOWED = 8;
/** The failure at the chain's end was passed on to a promise. */
export const OBSERVED = 16;
/** The failure at the chain's end is nobody's yet. */
export const SUSPECT = 32;
/** What is above counts the pauses. */
export const PAUSE = 64;
