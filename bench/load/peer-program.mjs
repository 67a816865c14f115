// Shared by the contenders that are other programs: runs one as a child of this process, whose CPU time counts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { announce } from './contender.mjs';

/** A port that was free a moment ago: these programs can't be asked which one they were given. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function accepts(port) {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Ends with the program, and the program with the harness. */
export async function runPeer(port, file, args) {
  const program = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  program.on('error', (error) => {
    console.error(`Error: ${error.message}`);
    process.exit(1);
  });
  program.on('exit', () => process.exit(0));
  process.on('SIGTERM', () => program.kill());
  while (!(await accepts(port))) await sleep(20);
  announce(port, () => program.kill());
}
