/** The built-in endpoint types. Names, order and defaults of the arguments are Twisted's. */
import { WINDOWS } from '../internal/platform.js';
import type { EndpointType } from './endpoint-type.js';
import { shown } from './errors.js';
import { ProcessEndpoint } from './process.js';
import { HAPROXY } from './proxy-protocol.js';
import { StandardIOEndpoint } from './stdio.js';
import { SystemdServerEndpoint } from './systemd.js';
import { bindTCPClient, tcpClient, tcpServer } from './tcp-arguments.js';
import { SSL, TLS } from './tls-types.js';
import { UNIXClientEndpoint, UNIXServerEndpoint } from './unix.js';

const MAX_INDEX = 65_535;
const MAX_INT32 = 2 ** 31 - 1;

/** `tcp:PORT`, `tcp:HOST:PORT`: both families. */
const TCP: EndpointType = {
  prefix: 'tcp',
  client: (args, { reactor }) => tcpClient(reactor, bindTCPClient(args)),
  server: (args, { reactor }) => tcpServer(reactor, args.bind(['port', 'interface', 'backlog'])),
};

/** `tcp4:PORT`, `tcp4:HOST:PORT`: IPv4 only. */
const TCP4: EndpointType = {
  prefix: 'tcp4',
  client: (args, { reactor }) => tcpClient(reactor, bindTCPClient(args), 'IPv4'),
  server: (args, { reactor }) =>
    tcpServer(reactor, args.bind(['port', 'backlog', 'interface']), { interface: '0.0.0.0' }),
};

/** `tcp6:PORT`, `tcp6:HOST:PORT`: IPv6 only. */
const TCP6: EndpointType = {
  prefix: 'tcp6',
  client: (args, { reactor }) => tcpClient(reactor, bindTCPClient(args), 'IPv6'),
  server: (args, { reactor }) =>
    tcpServer(reactor, args.bind(['port', 'backlog', 'interface']), {
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

const DOMAINS: ReadonlyMap<string, 'IPv4' | 'IPv6' | 'UNIX'> = new Map([
  ['INET', 'IPv4'],
  ['INET6', 'IPv6'],
  ['UNIX', 'UNIX'],
]);

/** `systemd:domain=INET:index=0`, `systemd:domain=INET:name=web`. The domain may be omitted: the socket determines it. */
const SYSTEMD: EndpointType = {
  prefix: 'systemd',
  server(args, { reactor }) {
    const values = args.bind(['domain', 'index', 'name']);
    const domain = values.has('domain') ? values.text('domain') : undefined;
    const family = domain === undefined ? undefined : DOMAINS.get(domain);
    if (domain !== undefined && family === undefined) {
      throw args.error(
        `'domain' must be INET, INET6 or UNIX, not ${JSON.stringify(shown(domain))}`,
      );
    }
    if (values.has('index') === values.has('name')) {
      throw args.error("'index' or 'name' must be given, and not both");
    }
    return new SystemdServerEndpoint(reactor, {
      ...(family !== undefined && { family }),
      ...(values.has('index')
        ? { index: values.integer('index', 0, MAX_INDEX) }
        : { name: values.text('name') }),
    });
  },
};

/** `stdio:`: standard input and output, as one connection. */
const STDIO: EndpointType = {
  prefix: 'stdio',
  server(args, { reactor }) {
    const { positional } = args;
    // The colon of `stdio:` makes an empty argument.
    args.bind(positional.length === 1 && positional[0] === '' ? ['empty'] : []);
    return new StandardIOEndpoint(reactor);
  },
};

/** `process:PROGRAM:ARGUMENT:...`: a program that is run for each connection. It inherits the environment unless `env=0`. */
const PROCESS: EndpointType = {
  prefix: 'process',
  client(args, { reactor }) {
    const names = args.positional.map((_, at) => (at === 0 ? 'program' : `argument ${at}`));
    const values = args.bind(names.length === 0 ? ['program'] : names, ['cwd', 'env', 'stderr']);
    const program = values.text('program');
    if (program === '') throw args.error("'program' is missing");
    return new ProcessEndpoint(reactor, program, {
      args: names.slice(1).map((name) => values.text(name)),
      env: values.flag('env', true) ? null : {},
      stderr: values.flag('stderr', true) ? 'inherit' : 'ignore',
      ...(values.has('cwd') && { cwd: values.text('cwd') }),
    });
  },
};

export const BUILT_IN_TYPES: readonly EndpointType[] = [
  TCP,
  TCP4,
  TCP6,
  TLS,
  SSL,
  UNIX,
  SYSTEMD,
  STDIO,
  PROCESS,
  HAPROXY,
];
