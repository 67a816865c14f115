// Debian's memcached for a run of the bench, on a port of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasProgram } from '../../../test/support/peers.js';

/** The processes of the contenders find the server by it. */
const VARIABLE = 'ROPEWALK_BENCH_MEMCACHED';
const START_MS = 10_000;

export const hasMemcached: boolean = hasProgram('memcached');

/** The port of the server on 127.0.0.1. */
export function memcachedPort(): number {
  return Number(process.env[VARIABLE]);
}

/** Starts the server, and returns a function that ends it. */
export async function startMemcached(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'ropewalk-bench-memcached-'));
  const file = join(folder, 'port');
  const user = process.getuid?.() === 0 ? ['-u', 'root'] : [];
  // A negative port: one that is free, written to the file.
  const server = spawn('memcached', ['-l', '127.0.0.1', '-p', '-1', '-t', '1', ...user], {
    env: { ...process.env, MEMCACHED_PORT_FILENAME: file },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const kill = (): void => void server.kill();
  process.once('exit', kill);
  const end = async (): Promise<void> => {
    process.removeListener('exit', kill);
    const ended = once(server, 'exit');
    if (server.exitCode === null && server.kill()) await ended;
    await rm(folder, { recursive: true });
  };
  try {
    process.env[VARIABLE] = await portOf(server, file);
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}

async function portOf(server: ChildProcess, file: string): Promise<string> {
  const deadline = performance.now() + START_MS;
  while (server.exitCode === null && performance.now() < deadline) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const [, port] = /TCP INET: (\d+)\n/.exec(text) ?? [];
    if (port !== undefined) return port;
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
  throw new Error('memcached did not start');
}
