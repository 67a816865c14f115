/** The transport contract over TCP on each reactor. Cases that need the system's own sockets are in other files. */
import { describe } from 'vitest';
import { REACTORS } from '../support/reactors.js';
import { describeTransports } from '../support/transports.js';

describe.each(REACTORS)('a transport ($name)', (reactor) => describeTransports(reactor, 'tcp'));
