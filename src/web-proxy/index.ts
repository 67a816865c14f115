/** The entry point `ropewalk/web-proxy`: reverse proxies and forward proxies of HTTP. */
export type { BackendOptions, BackendStatus } from './backend.js';
export type { Balance } from './balancer.js';
export type { ForwardProxyReactor } from './destination.js';
export { DestinationRefusedError } from './errors.js';
export { ForwardProxy, type ForwardProxyOptions, type ProxyAccess } from './forward-proxy.js';
export type { ForwardedFields } from './forwarding-facts.js';
export type { BackendCheckOptions } from './health-checks.js';
export {
  type ProxyAuthenticate,
  type ProxyUser,
  proxyAuthentication,
} from './proxy-authentication.js';
export type { ProxyOptions } from './proxy-options.js';
export { ReverseProxy, type ReverseProxyOptions } from './reverse-proxy.js';
