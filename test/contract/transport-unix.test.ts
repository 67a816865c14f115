/** The transport contract over UNIX sockets on each reactor, in a file of its own to run beside that over TCP. */
import { describe } from 'vitest';
import { REACTORS } from '../support/reactors.js';
import { describeTransports } from '../support/transports.js';

describe.each(REACTORS)('a transport over a UNIX socket ($name)', (reactor) =>
  describeTransports(reactor, 'unix'),
);
