// node:http as in its documentation.
import { createServer } from 'node:http';

import { announce, readArguments } from '../contender.mjs';
import { HELLO, nameIn } from './service.mjs';

const { port } = readArguments();
const server = createServer((request, response) => {
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
});
// Connections rest while other servers are measured.
server.keepAliveTimeout = 0;
server.listen({ port, host: '127.0.0.1', backlog: 4096 }, () => {
  announce(server.address().port, () => process.exit(0));
});
