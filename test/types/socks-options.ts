/** The options of `ropewalk/socks`. */
import {
  SocksAccessRules,
  SocksClientConnection,
  SocksClientEndpoint,
  SocksServerFactory,
} from '../../src/protocols/socks/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { and, type Call, memory } from './option-calls.js';

const proxy = { connect: () => undefined as never };

export const SOCKS_CALLS: Readonly<Record<string, readonly Call[]>> = {
  SocksAccessRulesOptions: [(o) => new SocksAccessRules(o)],
  SocksClientOptions: [
    (o) => new SocksClientEndpoint(proxy, 'x', 1, and(o, { clock: new ManualClock() })),
  ],
  SocksClientRequest: [(o) => new SocksClientConnection(and(o, { host: 'x', port: 1 }))],
  SocksServerOptions: [memory((reactor, o) => new SocksServerFactory(reactor, o))],
};
