/** Options types of `ropewalk/application`, and the calls that take them. */
import {
  Application,
  Health,
  healthHandler,
  runApplication,
  StreamServerEndpointService,
  serviceFromString,
  serviceOf,
} from '../../src/application/index.js';
import { TCPServerEndpoint } from '../../src/index.js';
import { ManualClock } from '../../src/testing/index.js';
import { type Call, memory } from './option-calls.js';

const health = new Health(new ManualClock());

export const APPLICATION_CALLS: Readonly<Record<string, readonly Call[]>> = {
  EndpointServiceOptions: [
    memory(
      (reactor, o) =>
        new StreamServerEndpointService(new TCPServerEndpoint(reactor, 0), () => ({}), o),
    ),
  ],
  ServiceFromStringOptions: [
    memory((reactor, o) => serviceFromString(reactor, 'tcp:0', () => ({}), o)),
  ],
  HealthCheckOptions: [(o) => health.add('name', () => true, o)],
  HealthHandlerOptions: [(o) => healthHandler(health, undefined, o)],
  RunApplicationOptions: [
    memory((reactor, o) => runApplication(new Application('name', reactor), o)),
  ],
  ServiceOfOptions: [(o) => serviceOf({ stop() {} }, o)],
};
