// The servers that are compared.

import { join } from 'node:path';
import type { Command, Contender } from './contender.js';
import { nativeTool } from './native-tools.js';
import { LOAD, PEERS } from './paths.js';

const PYTHON = '/usr/bin/python3';
const BUN: string = join(PEERS, 'node_modules', '@oven', 'bun-linux-x64', 'bin', 'bun');
const NODE_VERSION = [process.execPath, '--version'];

const RAW_EPOLL = nativeTool('raw_epoll_server');
const RAW_RELAY = nativeTool('raw_relay_server');
const RAW_SOCKS = [RAW_RELAY, '--socks', 'on'];
const RAW_UDP = nativeTool('raw_udp_server');
const RAW_TLS = nativeTool('raw_tls_server');
const UNDICI_VERSION = [process.execPath, '-p', 'require("undici/package.json").version'];
const GXX_VERSION = ['g++', '-dumpfullversion'];

function node(file: string, ...args: string[]): Command {
  return [process.execPath, join(LOAD, file), ...args];
}

/** Prints the version of a package that `--install-peers` installs. */
function npmVersion(name: string): Command {
  const file = JSON.stringify(join(PEERS, 'node_modules', name, 'package.json'));
  return [process.execPath, '-p', `require(${file}).version`];
}

/** Prints the version of a Debian package. */
function debianVersion(name: string): Command {
  return ['sh', '-c', `dpkg -s ${name} | sed -n 's/^Version: //p'`];
}

/** The same program on TCP and on UNIX sockets. */
function streams(command: Command): Contender['serves'] {
  return { tcp: command, unix: command };
}

/** Frameworks on `node-http`, or on the facade with a reactor. */
function frameworks(on: string): Contender['serves'] {
  return {
    express: node('http/express.mjs', '--on', on),
    fastify: node('http/fastify-on.mjs', '--on', on),
  };
}

/** The pure-JS or the native reactor, with bytes given (the default) or lent. */
function ropewalk(kind: string, ...lent: '--lent'[]): Contender['serves'] {
  const args = ['--reactor', kind, ...lent];
  return {
    ...streams(node('tcp/ropewalk.mjs', ...args)),
    proxy: node('proxy/ropewalk.mjs', ...args),
    udp: node('udp/ropewalk.mjs', ...args),
    tls: node('tls/ropewalk.mjs', ...args, '--engine', 'native'),
    ...(lent.length === 0 && {
      socks: node('socks/ropewalk.mjs', ...args),
      http: node('http/ropewalk.mjs', ...args),
      http2: node('http/ropewalk.mjs', ...args),
      'http-proxy': node('http-proxy/ropewalk.mjs', ...args),
      agent: node('agent/ropewalk.mjs', ...args),
      ...frameworks(kind),
      ws: node('websocket/ropewalk.mjs', ...args),
    }),
  };
}

/** The same server with one worker and with two; their names end in how many, for `aloneOf` of summary.ts. */
function workers(common: Omit<Contender, 'serves'>, command: Command): Contender[] {
  return [1, 2].map((count) => ({
    ...common,
    name: `${common.name}-x${count}`,
    title: `${common.title}, ${count} ${count === 1 ? 'worker' : 'workers'}`,
    serves: { workers: [...command, '--workers', String(count)] },
  }));
}

const RESTING: Command = node('tcp/ropewalk.mjs', '--reactor', 'native');

/** Scenarios in which lent and given bytes make no difference. */
const UNIX_BEYOND_ECHO = ['unix-echo-64x1000', 'unix-echo-64x10000', 'unix-lines', 'unix-churn'];
const LENT_ONLY = [...UNIX_BEYOND_ECHO, 'udp-echo-1000x50'];
const GIVEN_ONLY = ['single', 'udp-sink', 'udp-source'];

/** In the order of the reports' tables before they are sorted by cost. */
export const CONTENDERS: readonly Contender[] = [
  {
    name: 'raw-epoll',
    title: 'raw epoll in C++',
    serves: {
      ...streams([RAW_EPOLL]),
      proxy: [RAW_RELAY],
      socks: RAW_SOCKS,
      udp: [RAW_UDP],
    },
    withoutGarbage: true,
    versionCommand: GXX_VERSION,
    quick: true,
  },
  {
    name: 'raw-epoll-batch',
    title: 'raw epoll in C++, accepts all that wait',
    serves: streams([RAW_EPOLL, '--accept', 'all']),
    versionCommand: GXX_VERSION,
    scenarios: ['churn', 'unix-churn'],
    quick: true,
  },
  {
    name: 'raw-epoll-busy',
    title: 'raw epoll in C++, 50 us busy poll',
    serves: { tcp: [RAW_EPOLL, '--busy-poll-us', '50'] },
    versionCommand: GXX_VERSION,
    scenarios: ['single'],
    quick: true,
  },
  {
    name: 'raw-epoll-512k',
    title: 'raw epoll in C++, 512 KiB at a time',
    serves: { socks: [...RAW_SOCKS, '--buffer-kib', '512'] },
    versionCommand: GXX_VERSION,
    quick: true,
  },
  {
    name: 'raw-epoll-splice',
    title: 'raw epoll in C++, splice(2) of 512 KiB',
    serves: { socks: [...RAW_SOCKS, '--buffer-kib', '512', '--splice', 'on'] },
    versionCommand: GXX_VERSION,
    quick: true,
  },
  {
    name: 'raw-epoll-offload',
    title: 'raw epoll in C++, UDP_SEGMENT and UDP_GRO',
    serves: { udp: [RAW_UDP, '--offload', 'on'] },
    versionCommand: GXX_VERSION,
    scenarios: ['udp-sink', 'udp-source'],
    quick: true,
  },
  {
    name: 'node-net',
    title: 'node:net',
    serves: {
      ...streams(node('tcp/node-net.mjs')),
      proxy: node('proxy/node-net.mjs'),
      socks: node('socks/node-net.mjs'),
    },
    except: ['short-lines'],
    versionCommand: NODE_VERSION,
    quick: true,
  },
  {
    name: 'node-net-corked',
    title: 'node:net, corked by hand',
    serves: { tcp: node('tcp/node-net.mjs', '--cork') },
    versionCommand: NODE_VERSION,
    scenarios: ['lines', 'short-lines'],
    quick: true,
  },
  {
    name: 'raw-epoll-tls',
    title: 'raw epoll in C++ with the native engine',
    withoutGarbage: true,
    serves: {
      tls: [
        RAW_TLS,
        ...['--certificate', join(LOAD, 'tls/certificate.pem'), '--key', join(LOAD, 'tls/key.pem')],
      ],
    },
    versionCommand: GXX_VERSION,
    quick: true,
  },
  {
    name: 'node-tls',
    title: 'node:tls',
    serves: { tls: node('tls/node-tls.mjs') },
    versionCommand: NODE_VERSION,
    quick: true,
  },
  {
    name: 'ropewalk-native-node-tls',
    title: "Ropewalk, native reactor, Node's TLS engine",
    serves: { tls: node('tls/ropewalk.mjs', '--reactor', 'native', '--engine', 'node') },
    versionCommand: NODE_VERSION,
    quick: true,
  },
  {
    name: 'ropewalk-node-tls',
    title: "Ropewalk, pure-JS reactor, Node's TLS engine",
    serves: { tls: node('tls/ropewalk.mjs', '--reactor', 'node', '--engine', 'node') },
    versionCommand: NODE_VERSION,
    quick: true,
  },
  {
    name: 'node-tls-stream',
    title: 'node:tls over a stream, native reactor',
    serves: { tls: node('tls/stream.mjs') },
    versionCommand: NODE_VERSION,
    scenarios: ['tls-echo-1kx50', 'tls-echo-16kx50'],
    quick: true,
  },
  {
    name: 'node-http',
    title: 'node:http',
    serves: {
      http: node('http/node-http.mjs'),
      'http-proxy': node('http-proxy/node-http.mjs'),
      agent: node('agent/node-http.mjs'),
      ...frameworks('node-http'),
    },
    versionCommand: NODE_VERSION,
    quick: true,
  },
  {
    name: 'undici',
    title: 'undici',
    serves: { agent: node('agent/undici.mjs') },
    versionCommand: UNDICI_VERSION,
    quick: true,
  },
  {
    name: 'undici-dispatch',
    title: 'undici, dispatch without streams',
    serves: { agent: node('agent/undici-dispatch.mjs') },
    versionCommand: UNDICI_VERSION,
    quick: false,
  },
  {
    name: 'node-fetch',
    title: 'fetch of Node',
    serves: { agent: node('agent/node-fetch.mjs') },
    versionCommand: NODE_VERSION,
    quick: false,
  },
  {
    name: 'node-http2',
    title: 'node:http2, streams',
    serves: { http2: node('http2/node-http2.mjs') },
    versionCommand: NODE_VERSION,
    quick: true,
  },
  {
    name: 'node-http2-compat',
    title: 'node:http2, requests and responses',
    serves: { http2: node('http2/node-http2.mjs', '--compat') },
    scenarios: ['http2-hello-100'],
    versionCommand: NODE_VERSION,
    quick: false,
  },
  {
    name: 'nghttpd',
    title: 'nghttpd',
    serves: { http2: node('http2/nghttpd.mjs') },
    versionCommand: debianVersion('nghttp2-server'),
    // Memory is read of the program that starts it.
    scenarios: ['http2-hello-100'],
    withoutGarbage: true,
    optional: true,
    quick: false,
  },
  {
    name: 'fastify',
    title: 'fastify',
    serves: { http: node('http/fastify.mjs') },
    except: ['http-file-100k', 'http-idle'],
    versionCommand: npmVersion('fastify'),
    optional: true,
    quick: false,
  },
  {
    name: 'uws',
    title: 'uWebSockets.js',
    serves: { http: node('http/uws.mjs'), ws: node('websocket/uws.mjs') },
    // It has no file server.
    except: ['http-file-100k'],
    versionCommand: npmVersion('@trufflesuite/uws-js-unofficial'),
    optional: true,
    quick: false,
  },
  {
    name: 'nginx',
    title: 'nginx',
    serves: { http: node('http/nginx.mjs'), 'http-proxy': node('http-proxy/nginx.mjs') },
    versionCommand: ['sh', '-c', 'nginx -v 2>&1 | sed s,.*/,,'],
    scenarios: ['http-file-100k', 'http-proxy-hello', 'http-proxy-64k'],
    optional: true,
    quick: false,
  },
  {
    name: 'microsocks',
    title: 'microsocks',
    serves: { socks: node('socks/microsocks.mjs') },
    versionCommand: debianVersion('microsocks'),
    withoutGarbage: true,
    optional: true,
    quick: false,
  },
  {
    name: 'dante',
    title: 'dante',
    serves: { socks: node('socks/dante.mjs') },
    versionCommand: debianVersion('dante-server'),
    withoutGarbage: true,
    optional: true,
    quick: false,
  },
  {
    name: 'node-ws',
    title: 'ws',
    serves: { ws: node('websocket/ws.mjs') },
    versionCommand: [process.execPath, '-p', 'require("ws/package.json").version'],
    quick: true,
  },
  {
    name: 'node-dgram',
    title: 'node:dgram',
    serves: { udp: node('udp/node-dgram.mjs') },
    versionCommand: NODE_VERSION,
    quick: true,
  },
  {
    name: 'ropewalk-native',
    title: 'Ropewalk, native reactor',
    serves: ropewalk('native'),
    except: LENT_ONLY,
    versionCommand: NODE_VERSION,
    quick: true,
  },
  {
    name: 'ropewalk-native-site',
    title: 'Ropewalk, native reactor, tree of resources',
    serves: { http: node('http/ropewalk.mjs', '--reactor', 'native', '--site') },
    scenarios: ['http-hello-50', 'http-pipelined'],
    versionCommand: NODE_VERSION,
    quick: false,
  },
  {
    name: 'ropewalk-native-facade',
    title: 'Ropewalk, native reactor, facade of node:http',
    serves: { http: node('http/node-http.mjs', '--on', 'native') },
    scenarios: ['http-hello-50', 'http-idle'],
    versionCommand: NODE_VERSION,
    quick: false,
  },
  {
    name: 'ropewalk-node-facade',
    title: 'Ropewalk, pure-JS reactor, facade of node:http',
    serves: { http: node('http/node-http.mjs', '--on', 'node') },
    scenarios: ['http-hello-50', 'http-idle'],
    versionCommand: NODE_VERSION,
    quick: false,
  },
  {
    name: 'ropewalk-native-metrics',
    title: 'Ropewalk, native reactor, metrics on',
    serves: { tcp: node('tcp/ropewalk.mjs', '--reactor', 'native', '--metrics') },
    scenarios: ['echo-64x50'],
    versionCommand: NODE_VERSION,
    quick: false,
  },
  {
    name: 'ropewalk-native-metrics-off',
    title: 'Ropewalk, native reactor, metrics loaded and off',
    serves: { tcp: node('tcp/ropewalk.mjs', '--reactor', 'native', '--metrics-off') },
    scenarios: ['echo-64x50'],
    versionCommand: NODE_VERSION,
    quick: false,
  },
  {
    name: 'ropewalk-native-bare',
    title: 'Ropewalk, native reactor, bare TCP connection',
    serves: { http: RESTING, ws: RESTING },
    scenarios: ['http-idle', 'ws-idle'],
    bare: true,
    versionCommand: NODE_VERSION,
    quick: true,
  },
  {
    name: 'ropewalk-native-lent',
    title: 'Ropewalk, native reactor, lent bytes',
    serves: ropewalk('native', '--lent'),
    except: GIVEN_ONLY,
    versionCommand: NODE_VERSION,
    quick: true,
  },
  {
    name: 'ropewalk-native-busy',
    title: 'Ropewalk, native reactor, 50 us busy poll',
    serves: { tcp: node('tcp/ropewalk.mjs', '--reactor', 'native', '--busy-poll-us', '50') },
    versionCommand: NODE_VERSION,
    scenarios: ['single'],
    quick: true,
  },
  {
    name: 'ropewalk-native-offload',
    title: 'Ropewalk, native reactor, UDP_GRO',
    serves: { udp: node('udp/ropewalk.mjs', '--reactor', 'native', '--offload') },
    versionCommand: NODE_VERSION,
    scenarios: ['udp-sink'],
    quick: true,
  },
  {
    name: 'ropewalk-node',
    title: 'Ropewalk, pure-JS reactor',
    serves: ropewalk('node'),
    except: ['single', ...UNIX_BEYOND_ECHO],
    versionCommand: NODE_VERSION,
    quick: true,
  },
  {
    name: 'ropewalk-node-lent',
    title: 'Ropewalk, pure-JS reactor, lent bytes',
    serves: ropewalk('node', '--lent'),
    scenarios: ['echo-64x50', 'echo-16kx50', 'short-lines', 'proxy-64kx50'],
    versionCommand: NODE_VERSION,
    quick: false,
  },
  {
    name: 'bun',
    title: 'Bun',
    serves: {
      tcp: [BUN, join(LOAD, 'tcp/bun.mjs')],
      tls: [BUN, join(LOAD, 'tls/bun.mjs')],
      udp: [BUN, join(LOAD, 'udp/bun.mjs')],
      http: [BUN, join(LOAD, 'http/bun.mjs')],
      ws: [BUN, join(LOAD, 'websocket/bun.mjs')],
    },
    versionCommand: [BUN, '--version'],
    except: ['short-lines'],
    optional: true,
    quick: false,
  },
  {
    name: 'uvloop',
    title: 'uvloop on CPython',
    serves: { tcp: [PYTHON, join(LOAD, 'tcp/uvloop_echo.py')] },
    versionCommand: [PYTHON, '-c', 'import uvloop; print(uvloop.__version__)'],
    except: ['short-lines'],
    optional: true,
    quick: false,
  },
  {
    name: 'eventmachine',
    title: 'EventMachine on Ruby',
    serves: { tcp: ['ruby', join(LOAD, 'tcp/eventmachine_echo.rb')] },
    versionCommand: ['ruby', '-r', 'eventmachine', '-e', 'puts EM::VERSION'],
    except: ['short-lines'],
    optional: true,
    quick: false,
  },
  {
    name: 'twisted',
    title: 'Twisted on CPython',
    serves: {
      tcp: [PYTHON, join(LOAD, 'tcp/twisted_echo.py')],
      udp: [PYTHON, join(LOAD, 'udp/twisted_udp.py')],
    },
    versionCommand: [PYTHON, '-c', 'import twisted; print(twisted.__version__)'],
    except: ['short-lines'],
    optional: true,
    quick: false,
  },
  ...workers(
    { name: 'raw-epoll', title: 'raw epoll in C++', versionCommand: GXX_VERSION, quick: true },
    [RAW_EPOLL],
  ),
  ...workers(
    { name: 'ropewalk', title: 'Ropewalk, threads', versionCommand: NODE_VERSION, quick: true },
    node('workers/ropewalk.mjs', '--kind', 'threads'),
  ),
  ...workers(
    {
      name: 'ropewalk-processes',
      title: 'Ropewalk, processes',
      versionCommand: NODE_VERSION,
      quick: false,
    },
    node('workers/ropewalk.mjs', '--kind', 'processes'),
  ),
];
