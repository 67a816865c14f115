/** The options of the small protocols. */
import { PortForwardFactory } from '../../src/portforward/index.js';
import { FingerServerFactory, finger } from '../../src/protocols/finger/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { and, type Call } from './option-calls.js';

const endpoint = { connect: () => undefined as never };
const clock = new ManualClock();

export const SMALL_PROTOCOLS_CALLS: Readonly<Record<string, readonly Call[]>> = {
  FingerOptions: [(o) => finger(endpoint, 'x', and(o, { clock }))],
  FingerServerOptions: [(o) => new FingerServerFactory(clock, new Map(), o)],
  PortForwardOptions: [(o) => new PortForwardFactory(clock, endpoint, o)],
};
