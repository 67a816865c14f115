// Bun's own HTTP server, as in its documentation; with `--root DIR` a file server.
import { join } from 'node:path';

import { announce, readArguments } from '../contender.mjs';
import { HELLO } from './service.mjs';

const { port, root } = readArguments({ root: { type: 'string' } });
const headers = { 'Content-Type': 'text/plain' };
const server = Bun.serve({
  port,
  hostname: '127.0.0.1',
  idleTimeout: 0,
  async fetch(request) {
    if (root !== undefined) {
      return new Response(Bun.file(join(root, new URL(request.url).pathname)));
    }
    if (request.method !== 'POST') return new Response(HELLO, { headers });
    const { name } = await request.json();
    return new Response(String(name), { headers });
  },
});
announce(server.port, () => process.exit(0));
