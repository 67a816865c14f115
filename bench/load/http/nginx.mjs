// Runs nginx with one worker as a file server: `--root DIR`. Its CPU time is that of this process's children.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { announce, readArguments } from '../contender.mjs';

const { root = '/nowhere' } = readArguments({ root: { type: 'string' } });
const folder = mkdtempSync(join(tmpdir(), 'ropewalk-bench-nginx-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** A port that was free a moment ago: nginx can't be asked which one it was given. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Debian's defaults, without the access log, and for connections that rest while others are measured. */
function configuration(port) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/error.log;
${process.getuid() === 0 ? 'user root;' : ''}
events { worker_connections 4096; }
http {
  sendfile on;
  tcp_nopush on;
  access_log off;
  types { text/plain txt; }
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  server { listen 127.0.0.1:${port}; root ${root}; }
}
`;
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

const port = await freePort();
const file = join(folder, 'nginx.conf');
writeFileSync(file, configuration(port));
const nginx = spawn('nginx', ['-p', folder, '-e', `${folder}/error.log`, '-c', file], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
nginx.on('error', (error) => {
  console.error(`Error: ${error.message}`);
  process.exit(1);
});
nginx.on('exit', () => process.exit(0));
process.on('SIGTERM', () => nginx.kill());
while (!(await accepts(port))) await sleep(20);
announce(port, () => nginx.kill());
