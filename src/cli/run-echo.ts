/** The program of `ropewalk echo`. */
import { serviceFromString } from '../application/endpoint-service.js';
import type { Service } from '../application/service.js';
import type { Reactor } from '../core/reactor.js';
import { SimpleServerFactory } from '../protocols/simple/server.js';
import { fromArguments } from './built-in.js';
import { ECHO } from './built-ins.js';

/** Echo is also used for load tests and for idle connections. */
const UNLIMITED = { idleTimeoutMs: null, maxConnections: 2 ** 31 - 1 } as const;

export default function (reactor: Reactor, args: readonly string[]): Service {
  return fromArguments(ECHO, args, ({ listen }) => {
    const factory = new SimpleServerFactory(reactor, 'echo', UNLIMITED);
    return serviceFromString(reactor, listen, factory, { name: 'echo', whenDraining: 'close' });
  });
}
