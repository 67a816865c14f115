/** `ropewalk/testing`: what tests of protocols, transports and reactors are made with. */

export { ManualClock } from './manual-clock.js';
