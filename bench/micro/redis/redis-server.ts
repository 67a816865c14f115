// Debian's redis-server for a run of the bench, on a UNIX socket of its own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { hasProgram } from '../../../test/support/peers.js';

/** The processes of the contenders find the server by it. */
const VARIABLE = 'ROPEWALK_BENCH_REDIS';
const START_MS = 10_000;

export const hasRedis: boolean = hasProgram('redis-server');

/** The path of the server's socket. */
export function redisSocket(): string {
  return process.env[VARIABLE] ?? '';
}

/** Starts the server, and returns a function that ends it. */
export async function startRedis(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'ropewalk-bench-redis-'));
  const socket = join(folder, 'socket');
  const args = ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', folder];
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = (): void => void server.kill('SIGKILL');
  process.once('exit', kill);
  const end = async (): Promise<void> => {
    process.removeListener('exit', kill);
    const ended = once(server, 'exit');
    if (server.exitCode === null && server.kill('SIGKILL')) await ended;
    await rm(folder, { recursive: true });
  };
  const late = setTimeout(kill, START_MS);
  // Its output ends if it does not start.
  let isReady = false;
  for await (const line of createInterface(server.stdout)) {
    isReady = /ready to accept connections/i.test(line);
    if (isReady) break;
  }
  clearTimeout(late);
  server.stdout.resume();
  if (!isReady) {
    await end();
    throw new Error('redis-server did not start');
  }
  process.env[VARIABLE] = socket;
  return end;
}
