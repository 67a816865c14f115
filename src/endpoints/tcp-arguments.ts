/** The arguments of TCP in endpoint strings. */
import type { AddressFamily } from '../core/name-resolver.js';
import type { ReactorTCP } from '../core/reactor-tcp.js';
import type { ListenTCPOptions } from '../core/tcp-options.js';
import { checkLocalAddress } from '../internal/host.js';
import type { EndpointArguments, EndpointValues } from './endpoint-arguments.js';
import { HostnameEndpoint, TCPServerEndpoint } from './tcp.js';

const MAX_PORT = 65_535;
const MAX_INT32 = 2 ** 31 - 1;

/** As in Twisted, host and port may each be given by name, and the other one without. @param named More arguments. */
export function bindTCPClient(
  args: EndpointArguments,
  named: readonly string[] = [],
): EndpointValues {
  const positional = args.has('host') ? ['port'] : ['host', 'port'];
  return args.bind(positional, ['host', 'timeout', 'bindAddress', ...named]);
}

export function tcpClient(
  reactor: ReactorTCP,
  values: EndpointValues,
  family?: AddressFamily,
): HostnameEndpoint {
  return new HostnameEndpoint(reactor, values.text('host'), values.integer('port', 0, MAX_PORT), {
    ...(family !== undefined && { family }),
    ...(values.has('timeout') && { timeoutMs: values.seconds('timeout') }),
    ...(values.has('bindAddress') && {
      localAddress: checkLocalAddress('bindAddress', values.text('bindAddress')),
    }),
  });
}

/** @param defaultPort The port may be omitted. */
export function tcpServer(
  reactor: ReactorTCP,
  values: EndpointValues,
  defaults: ListenTCPOptions = {},
  defaultPort?: number,
): TCPServerEndpoint {
  return new TCPServerEndpoint(reactor, values.integer('port', 0, MAX_PORT, defaultPort), {
    ...defaults,
    ...(values.has('interface') && { interface: values.text('interface') }),
    ...(values.has('backlog') && { backlog: values.integer('backlog', 1, MAX_INT32) }),
  });
}
