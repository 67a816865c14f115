// node:http as in its documentation, or the facade: `--on node-http|native|node`. With `--root DIR` a file server.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { announce, readArguments } from '../contender.mjs';
import { createServerOn } from './framework-server.mjs';
import { HELLO, nameIn } from './service.mjs';

const { port, root, on } = readArguments({
  root: { type: 'string' },
  on: { type: 'string', default: 'node-http' },
});
const createServer = await createServerOn(on);

async function sendFile(request, response) {
  const { pathname } = new URL(request.url, 'http://localhost');
  const path = join(root, pathname);
  try {
    const { size, mtime } = await stat(path);
    response.writeHead(200, {
      'Content-Type': 'text/plain',
      'Content-Length': size,
      'Last-Modified': mtime.toUTCString(),
      ETag: `"${size}-${mtime.getTime()}"`,
    });
    await pipeline(createReadStream(path), response);
  } catch (error) {
    response.destroy(error);
  }
}

function answer(request, response) {
  if (request.method !== 'POST') {
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': HELLO.length });
    response.end(HELLO);
    return;
  }
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const name = nameIn(Buffer.concat(parts).toString());
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': name.length });
    response.end(name);
  });
}

const server = createServer(root === undefined ? answer : sendFile);
// Connections rest while other servers are measured.
server.keepAliveTimeout = 0;
server.listen({ port, host: '127.0.0.1', backlog: 4096 }, () => {
  announce(server.address().port, () => process.exit(0));
});
