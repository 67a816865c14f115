/** The options of the small protocols. */
import { PortForwardFactory } from '../../src/portforward/index.js';
import { FingerServerFactory, finger } from '../../src/protocols/finger/index.js';
import {
  IdentServerFactory,
  ident,
  identOf,
  serializeIdentAnswer,
} from '../../src/protocols/ident/index.js';
import { lookUpInTable, TableServerFactory } from '../../src/protocols/postfix/index.js';
import { SimpleDatagramServer, SimpleServerFactory } from '../../src/protocols/simple/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryTransport } from '../../src/testing/memory-transport.js';
import { and, type Call, memory } from './option-calls.js';

const endpoint = { connect: () => undefined as never };
const clock = new ManualClock();

export const SMALL_PROTOCOLS_CALLS: Readonly<Record<string, readonly Call[]>> = {
  FingerOptions: [(o) => finger(endpoint, 'x', and(o, { clock }))],
  FingerServerOptions: [(o) => new FingerServerFactory(clock, new Map(), o)],
  AskOptions: [(o) => ident(endpoint, { localPort: 1, remotePort: 1 }, and(o, { clock }))],
  IdentOfOptions: [memory((reactor, o) => identOf(reactor, new MemoryTransport(), o))],
  IdentServerOptions: [(o) => new IdentServerFactory(clock, () => undefined, o)],
  IdentUser: [
    (o) => serializeIdentAnswer({ localPort: 1, remotePort: 1 }, and(o, { userId: 'x' })),
  ],
  SimpleDatagramOptions: [(o) => new SimpleDatagramServer('echo', o)],
  SimpleServerOptions: [(o) => new SimpleServerFactory(clock, 'echo', o)],
  TableLookupOptions: [(o) => lookUpInTable(endpoint, 'x', and(o, { clock }))],
  TableServerOptions: [(o) => new TableServerFactory(clock, new Map(), o)],
  PortForwardOptions: [(o) => new PortForwardFactory(clock, endpoint, o)],
};
