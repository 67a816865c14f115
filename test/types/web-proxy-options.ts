/** The options of `ropewalk/web-proxy`. */
import { HostnameEndpoint } from '../../src/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryReactor } from '../../src/testing/memory-reactor.js';
import { ForwardProxy, ReverseProxy } from '../../src/web-proxy/index.js';
import { type Call, memory } from './option-calls.js';

const clock = new ManualClock();
const endpoint = new HostnameEndpoint(new MemoryReactor(), 'a', 1);

export const WEB_PROXY_CALLS: Readonly<Record<string, readonly Call[]>> = {
  ForwardProxyOptions: [memory((reactor, o) => new ForwardProxy(reactor, o))],
  BackendCheckOptions: [(healthCheck) => new ReverseProxy(clock, [{ endpoint }], { healthCheck })],
  ReverseProxyOptions: [(o) => new ReverseProxy(clock, [{ endpoint }], o)],
};
