// Runs nginx with one worker as a reverse proxy with kept connections. Its CPU time is that of this process's children.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readArguments } from '../contender.mjs';
import { freePort, runPeer } from '../peer-program.mjs';

const { target } = readArguments();
const folder = mkdtempSync(join(tmpdir(), 'ropewalk-bench-nginx-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/**
 * The settings of its documentation for a reverse proxy with kept connections (HTTP/1.1, an empty Connection, fields that name the client),
 * one worker, without the access log, and with buffers that hold a response: it would write a file otherwise. Buffering is on, its default.
 */
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
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  upstream origin { server ${target}; keepalive 128; keepalive_requests 1000000000; keepalive_timeout 1h; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_buffers 32 8k;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
    }
  }
}
`;
}

const port = await freePort();
const file = join(folder, 'nginx.conf');
writeFileSync(file, configuration(port));
await runPeer(port, 'nginx', ['-p', folder, '-e', `${folder}/error.log`, '-c', file]);
