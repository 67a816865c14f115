/** The programs of this package that have a command. */
import { type BuiltIn, builtIn, type ListenFlags } from './built-in.js';

const string = { type: 'string' } as const;
const strings = { type: 'string', multiple: true } as const;

export const ECHO: BuiltIn<ListenFlags> = builtIn('echo', {
  port: 7007,
  usage: `Usage: ropewalk echo [flags]

Sends back all that it receives (RFC 862).

`,
});

type WebFlags = Record<'no-http2', { readonly type: 'boolean' }>;

export const WEB: BuiltIn<WebFlags & ListenFlags> = builtIn('web', {
  port: 8080,
  count: 1,
  flags: { 'no-http2': { type: 'boolean' } },
  usage: `Usage: ropewalk web [flags] ROOT

Serves the files of the folder ROOT by HTTP/1.1 and HTTP/2: index files, ranges
and conditional requests. Folders are not listed, and dot files do not exist.

  --no-http2        serve HTTP/1.1 only
`,
});

type SocksFlags = Record<'allow' | 'auth' | 'deny', typeof strings> &
  Record<'commands' | 'idle' | 'max-connections', typeof string>;

const SOCKS_FLAGS: SocksFlags = {
  allow: strings,
  auth: strings,
  deny: strings,
  commands: string,
  idle: string,
  'max-connections': string,
};

export const SOCKS: BuiltIn<SocksFlags & ListenFlags> = builtIn('socks', {
  port: 1080,
  flags: SOCKS_FLAGS,
  usage: `Usage: ropewalk socks [flags]

Runs a SOCKS proxy, versions 4, 4a and 5. Everyone who reaches its port may use
it unless --auth is given. Loopback, private, link-local and reserved addresses,
addresses of this machine and metadata services are refused unless --allow has
them. The log has a line for each request.

  --auth CHECKER    require a user name and a password, which SOCKS sends in
                    clear; refuses SOCKS 4. CHECKER is file:PATH, a file that
                    \`ropewalk passwd\` or htpasswd writes; unix, the users of
                    this machine; or a type of a plug-in; may be repeated
  --allow NETWORK   let clients reach this address or network, such as
                    10.1.0.0/16, that is refused by default; may be repeated
  --deny NETWORK    refuse this address or network, also if --allow has it; may
                    be repeated
  --commands LIST   the commands to carry out, of connect, bind and associate
                    with commas between them (default connect); bind and
                    associate open ports of this machine
  --idle SECONDS    close connections that are idle that long (default 600)
  --max-connections N
                    clients at a time (default 1000)
`,
});

type PortForwardFlags = Record<
  'connect-timeout' | 'idle' | 'max-connections' | 'proxy-header',
  typeof string
>;

const PORT_FORWARD_FLAGS: PortForwardFlags = {
  'connect-timeout': string,
  idle: string,
  'max-connections': string,
  'proxy-header': string,
};

export const PORT_FORWARD: BuiltIn<PortForwardFlags & ListenFlags> = builtIn('portforward', {
  port: 'required',
  count: 1,
  flags: PORT_FORWARD_FLAGS,
  usage: `Usage: ropewalk portforward --port PORT [flags] TARGET

Forwards each connection to TARGET, an endpoint such as tcp:10.0.0.7:5432 or
unix:/run/db.sock, in both directions until both have ended.

  --connect-timeout SECONDS
                    time to connect to TARGET (default 30)
  --idle SECONDS    close connections that are idle that long (default 600)
  --max-connections N
                    clients at a time (default 1000)
  --proxy-header V  begin each connection with a PROXY header of version 1 or 2,
                    which names the client; TARGET must expect it
`,
});

type ProcmonFlags = Record<
  'name' | 'restart' | 'max-restart' | 'healthy' | 'kill-after' | 'stop-signal',
  typeof string
>;

const PROCMON_FLAGS: ProcmonFlags = {
  name: string,
  restart: string,
  'max-restart': string,
  healthy: string,
  'kill-after': string,
  'stop-signal': string,
};

export const PROCMON: BuiltIn<ProcmonFlags & ListenFlags> = builtIn('procmon', {
  count: 'any',
  workers: false,
  flags: PROCMON_FLAGS,
  usage: `Usage: ropewalk procmon [flags] PROGRAM [arguments]

Keeps PROGRAM running: if it ends, it is started again after a delay, which
doubles as long as it ends soon after its start. Its output is logged line by
line. It has the user of --uid, and the environment of this command.

  --name NAME       its name in the log (default: the last part of PROGRAM)
  --restart SECONDS delay before it is started again (default 1)
  --max-restart SECONDS
                    longest delay (default 3600)
  --healthy SECONDS a program that ran this long is healthy: the next delay is
                    that of --restart (default 1)
  --stop-signal SIGNAL
                    asks it to end (default SIGTERM)
  --kill-after SECONDS
                    kill it that long after --stop-signal (default 5)

SIGTERM and SIGINT end PROGRAM, with all processes of its session, and then this
command. SIGHUP, SIGUSR1 and SIGUSR2 are passed on to PROGRAM.
`,
});

export const BUILT_INS: readonly BuiltIn[] = [ECHO, PORT_FORWARD, PROCMON, SOCKS, WEB];
