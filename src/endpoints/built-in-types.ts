/** The endpoint types that need nothing but a reactor. Names, order and defaults of the arguments are Twisted's. */
import type { AddressFamily } from '../core/name-resolver.js';
import type { StreamClientEndpoint, StreamServerEndpoint } from '../core/stream-endpoint.js';
import type { ListenTCPOptions } from '../core/tcp-options.js';
import { WINDOWS } from '../internal/platform.js';
import type { EndpointArguments } from './endpoint-arguments.js';
import type { EndpointContext, EndpointType } from './endpoint-type.js';
import { HAPROXY } from './proxy-protocol.js';
import { SystemdServerEndpoint } from './systemd.js';
import { HostnameEndpoint, TCPServerEndpoint } from './tcp.js';
import { UNIXClientEndpoint, UNIXServerEndpoint } from './unix.js';

type ClientContext = EndpointContext<StreamClientEndpoint>;
type ServerContext = EndpointContext<StreamServerEndpoint>;

const MAX_PORT = 65_535;
const MAX_INT32 = 2 ** 31 - 1;

/** `tcp:PORT`, `tcp:HOST:PORT`: both families. */
const TCP: EndpointType = {
  prefix: 'tcp',
  client: (args, context) => tcpClient(args, context),
  server: (args, context) => tcpServer(args, context, ['port', 'interface', 'backlog']),
};

/** `tcp4:PORT`, `tcp4:HOST:PORT`: IPv4 only. */
const TCP4: EndpointType = {
  prefix: 'tcp4',
  client: (args, context) => tcpClient(args, context, 'IPv4'),
  server: (args, context) =>
    tcpServer(args, context, ['port', 'backlog', 'interface'], { interface: '0.0.0.0' }),
};

/** `tcp6:PORT`, `tcp6:HOST:PORT`: IPv6 only. */
const TCP6: EndpointType = {
  prefix: 'tcp6',
  client: (args, context) => tcpClient(args, context, 'IPv6'),
  server: (args, context) =>
    tcpServer(args, context, ['port', 'backlog', 'interface'], {
      interface: '::',
      ipv6Only: true,
    }),
};

/** `unix:PATH`. A server holds the lock of its path unless `lockfile=0`; abstract names and named pipes have none. */
const UNIX: EndpointType = {
  prefix: 'unix',
  client(args, { reactor }) {
    const values = args.bind(['path'], ['lockfile', 'timeout']);
    return new UNIXClientEndpoint(reactor, values.text('path'), {
      checkPID: values.flag('lockfile', false),
      ...(values.has('timeout') && { timeoutMs: values.seconds('timeout') }),
    });
  },
  server(args, { reactor }) {
    const values = args.bind(['address', 'mode', 'backlog', 'lockfile']);
    const path = values.text('address');
    const lockable = !WINDOWS && !path.startsWith('\0');
    return new UNIXServerEndpoint(reactor, path, {
      wantPID: values.flag('lockfile', lockable),
      ...(values.has('mode') && { mode: values.octal('mode') }),
      ...(values.has('backlog') && { backlog: values.integer('backlog', 1, MAX_INT32) }),
    });
  },
};

const DOMAINS: Readonly<Record<string, 'IPv4' | 'IPv6' | 'UNIX'>> = {
  INET: 'IPv4',
  INET6: 'IPv6',
  UNIX: 'UNIX',
};

/** `systemd:domain=INET:index=0`, `systemd:domain=INET:name=web`. The domain may be omitted: the socket determines it. */
const SYSTEMD: EndpointType = {
  prefix: 'systemd',
  server(args, { reactor }) {
    const values = args.bind(['domain', 'index', 'name']);
    const domain = values.has('domain') ? values.text('domain') : undefined;
    const family = domain === undefined ? undefined : DOMAINS[domain];
    if (domain !== undefined && family === undefined) {
      throw args.error(`'domain' must be INET, INET6 or UNIX, not ${JSON.stringify(domain)}`);
    }
    if (values.has('index') === values.has('name')) {
      throw args.error("'index' or 'name' must be given, and not both");
    }
    return new SystemdServerEndpoint(reactor, {
      ...(family !== undefined && { family }),
      ...(values.has('index')
        ? { index: values.integer('index', 0, MAX_PORT) }
        : { name: values.text('name') }),
    });
  },
};

export const BUILT_IN_TYPES: readonly EndpointType[] = [TCP, TCP4, TCP6, UNIX, SYSTEMD, HAPROXY];

function tcpClient(
  args: EndpointArguments,
  { reactor }: ClientContext,
  family?: AddressFamily,
): StreamClientEndpoint {
  // As in Twisted, host and port may each be given by name, and the other one without.
  const positional = args.has('host') ? ['port'] : ['host', 'port'];
  const values = args.bind(positional, ['host', 'timeout', 'bindAddress']);
  return new HostnameEndpoint(reactor, values.text('host'), values.integer('port', 0, MAX_PORT), {
    ...(family !== undefined && { family }),
    ...(values.has('timeout') && { timeoutMs: values.seconds('timeout') }),
    ...(values.has('bindAddress') && { localAddress: values.text('bindAddress') }),
  });
}

function tcpServer(
  args: EndpointArguments,
  { reactor }: ServerContext,
  positional: readonly string[],
  defaults: ListenTCPOptions = {},
): StreamServerEndpoint {
  const values = args.bind(positional);
  return new TCPServerEndpoint(reactor, values.integer('port', 0, MAX_PORT), {
    ...defaults,
    ...(values.has('interface') && { interface: values.text('interface') }),
    ...(values.has('backlog') && { backlog: values.integer('backlog', 1, MAX_INT32) }),
  });
}
