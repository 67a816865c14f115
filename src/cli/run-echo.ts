/** The program of `ropewalk echo`. */
import { serviceFromString } from '../application/endpoint-service.js';
import type { Service } from '../application/service.js';
import { Factory } from '../core/factory.js';
import type { Reactor } from '../core/reactor.js';
import { fromArguments } from './built-in.js';
import { ECHO } from './built-ins.js';
import { DemoEcho } from './demo-echo.js';

export default function (reactor: Reactor, args: readonly string[]): Service {
  return fromArguments(ECHO, args, ({ listen }) => {
    const factory = Factory.forProtocol(DemoEcho, { messagesIn: 0, messagesOut: 0 });
    return serviceFromString(reactor, listen, factory, { name: 'echo', whenDraining: 'close' });
  });
}
