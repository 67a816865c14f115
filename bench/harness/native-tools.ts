// Builds the load client and the raw servers with g++, when they are missing or older than their
// sources.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { NATIVE, NATIVE_BUILD } from './paths.js';

const run = promisify(execFile);

/** The folder of the sessions that the lower bound of TLS shares with the product, as seen from bench/native. */
const TLS = '../../native/tls';

/** Files of bench/native that each program is made of; the rest are headers. */
const SOURCES = {
  load_client: [
    'load_client.cc',
    'broadcast_load.cc',
    'churn_load.cc',
    'datagrams.cc',
    'dialogue.cc',
    'far_end.cc',
    'flat_json.cc',
    'http2_dialogue.cc',
    'http_dialogue.cc',
    'http_head.cc',
    'loopback.cc',
    'order_load.cc',
    'payload.cc',
    'server_usage.cc',
    'socks_request.cc',
    'stream_load.cc',
    'tally.cc',
    'tls_wire.cc',
    'turn_load.cc',
    'udp_load.cc',
    'websocket_dialogue.cc',
  ],
  raw_epoll_server: ['raw_epoll_server.cc', 'fault.cc', 'loopback.cc'],
  raw_tls_server: ['raw_tls_server.cc', 'loopback.cc', ...tlsSources()],
  raw_relay_server: ['raw_relay_server.cc', 'fault.cc', 'loopback.cc'],
  raw_udp_server: ['raw_udp_server.cc', 'datagrams.cc', 'fault.cc', 'loopback.cc'],
} as const;

/** Libraries that a program is linked with. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  load_client: ['-lssl', '-lcrypto'],
  // The sessions look up OpenSSL's functions in the process when it runs.
  raw_tls_server: ['-Wl,--no-as-needed', '-lssl', '-lcrypto', '-ldl'],
};

export type NativeTool = keyof typeof SOURCES;

/** The path of the built program. */
export function nativeTool(name: NativeTool): string {
  return join(NATIVE_BUILD, name);
}

/**
 * Builds what is out of date.
 * @throws Error when g++ is missing or refuses; the message says what to do.
 */
export async function buildNativeTools(): Promise<void> {
  mkdirSync(NATIVE_BUILD, { recursive: true });
  for (const name of Object.keys(SOURCES) as NativeTool[]) {
    if (isOutdated(name)) await compile(name);
  }
}

function tlsSources(): string[] {
  return readdirSync(join(NATIVE, TLS))
    .filter((file) => file.endsWith('.cc') && !file.endsWith('_win.cc'))
    .map((file) => join(TLS, file));
}

function isOutdated(name: NativeTool): boolean {
  if (!existsSync(nativeTool(name))) return true;
  const built = statSync(nativeTool(name)).mtimeMs;
  const headers = [NATIVE, join(NATIVE, TLS)].flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.h'))
      .map((file) => relative(NATIVE, join(folder, file))),
  );
  return [...SOURCES[name], ...headers].some(
    (file) => statSync(join(NATIVE, file)).mtimeMs > built,
  );
}

async function compile(name: NativeTool): Promise<void> {
  const flags = ['-std=c++20', '-O2', '-Wall', '-Wextra', '-fno-exceptions'];
  // Renamed into place when whole, since two runs may build at the same time.
  const output = `${nativeTool(name)}.${process.pid}`;
  try {
    const sources = SOURCES[name].map((file) => join(NATIVE, file));
    await run('g++', [...flags, '-o', output, ...sources, ...(LIBRARIES[name] ?? [])]);
    renameSync(output, nativeTool(name));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Error('g++ is missing: the load client is C++20 (on Debian: apt-get install g++)');
    }
    if (error instanceof Error && error.message.includes('openssl/ssl.h')) {
      throw new Error(
        'OpenSSL is missing: the load client speaks TLS (on Debian: apt-get install libssl-dev)',
      );
    }
    throw error;
  }
}
