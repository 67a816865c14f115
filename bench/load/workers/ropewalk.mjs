// Ropewalk's echo server in `--workers N` workers of a kind (`--kind threads|processes`) that share a
// port; each runs echo.mjs.

import { once } from 'node:events';
import { createServer } from 'node:net';
import { runWorkers } from '../../../dist/workers/index.js';
import { announce, readArguments } from '../contender.mjs';

const { workers, kind } = readArguments({
  workers: { type: 'string', default: '1' },
  kind: { type: 'string', default: 'threads' },
});

/** A port that is currently free: all workers must use the same. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const port = await freePort();
const module = new URL('./echo.mjs', import.meta.url);
const group = runWorkers(module, { workers: Number(workers), kind, data: { port } });
await group.ready;
announce(port, async () => {
  await group.stop();
  process.exit(0);
});
