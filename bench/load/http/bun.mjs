// Bun's own HTTP server, as in its documentation.
import { announce, readArguments } from '../contender.mjs';
import { HELLO } from './service.mjs';

const { port } = readArguments();
const headers = { 'Content-Type': 'text/plain' };
const server = Bun.serve({
  port,
  hostname: '127.0.0.1',
  async fetch(request) {
    if (request.method !== 'POST') return new Response(HELLO, { headers });
    const { name } = await request.json();
    return new Response(String(name), { headers });
  },
});
announce(server.port, () => process.exit(0));
