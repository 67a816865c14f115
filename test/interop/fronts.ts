/** nginx and HAProxy in front of a server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Rig } from '../support/contract.js';
import { within } from '../support/deadline.js';
import { PeerProgram } from '../support/peers.js';
import { HOST, type PeerFiles } from './peer-files.js';

export const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';

/**
 * Starts HAProxy. Its listening socket is open before it starts, so that nobody has to wait for it.
 * @param server Address and options of the server.
 * @param bind Options of the listening socket.
 * @param more Lines of the section `listen`.
 * @returns Its port.
 */
export async function startHAProxy(
  rig: Rig,
  files: PeerFiles,
  mode: 'tcp' | 'http',
  server: string,
  bind = '',
  more: readonly string[] = [],
): Promise<number> {
  const front = createServer().listen(0, HOST);
  await once(front, 'listening');
  const { port } = front.address() as { port: number };
  const { fd } = (front as unknown as { _handle: { fd: number } })._handle;
  const timeouts = ['connect', 'client', 'server'].map((name) => `timeout ${name} 10s`);
  const lines = [
    'defaults',
    ...[`mode ${mode}`, ...timeouts].map((line) => `  ${line}`),
    'listen front',
    ...[`bind fd@3 ${bind}`, ...more, `server app ${server}`].map((line) => `  ${line}`),
  ];
  const file = files.write('haproxy.cfg', `${lines.join('\n')}\n`);
  const child = spawn('haproxy', ['-db', '-q', '-f', file], {
    stdio: ['ignore', 'ignore', 'inherit', fd],
  });
  front.close();
  rig.use({
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await within(ended, 'haproxy to end');
    },
  });
  return port;
}

/** Starts nginx; it listens when this settles. @param blocks Its configuration, without the parts about the process. */
export async function startNginx(files: PeerFiles, blocks: string): Promise<PeerProgram> {
  const stream = existsSync(STREAM_MODULE) ? `load_module ${STREAM_MODULE};` : '';
  const config = `${stream} daemon off; master_process off; pid ${files.path('pid')};
    error_log stderr notice; events {} ${blocks}`;
  const nginx = new PeerProgram('nginx', [
    '-p',
    files.folder,
    '-c',
    files.write('nginx.conf', config),
  ]);
  await nginx.until(() => nginx.stderr.includes('OS:'), 'to start');
  return nginx;
}

/** A block `http` of nginx. @param server Lines of its block `server`; `maps` precede it. */
export function nginxHTTP(files: PeerFiles, server: string, maps = ''): string {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${files.folder};`)
    .join(' ');
  return `http { access_log off; ${folders} ${maps} server { ${server} } }`;
}
