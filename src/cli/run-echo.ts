/** The program of `ropewalk echo`. */
import { serviceFromString } from '../application/endpoint-service.js';
import type { Service } from '../application/service.js';
import { Factory } from '../core/factory.js';
import type { Reactor } from '../core/reactor.js';
import { DemoEcho } from './demo-echo.js';
import { checkedEndpoint } from './run-built-in.js';

export default function (reactor: Reactor, args: readonly string[]): Service {
  const [listen = '', ...rest] = args;
  return checkedEndpoint('echo', rest, 0, () => {
    const factory = Factory.forProtocol(DemoEcho, { messagesIn: 0, messagesOut: 0 });
    return serviceFromString(reactor, listen, factory, { name: 'echo', whenDraining: 'close' });
  });
}
