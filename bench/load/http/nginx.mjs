// Runs nginx with one worker as a file server: `--root DIR`. Its CPU time is that of this process's children.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readArguments } from '../contender.mjs';
import { freePort, runPeer } from '../peer-program.mjs';

const { root = '/nowhere' } = readArguments({ root: { type: 'string' } });
const folder = mkdtempSync(join(tmpdir(), 'ropewalk-bench-nginx-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

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

const port = await freePort();
const file = join(folder, 'nginx.conf');
writeFileSync(file, configuration(port));
await runPeer(port, 'nginx', ['-p', folder, '-e', `${folder}/error.log`, '-c', file]);
