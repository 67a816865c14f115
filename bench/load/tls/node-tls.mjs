// node:tls as in its documentation.
import { createServer } from 'node:tls';

import { announce, readArguments } from '../contender.mjs';
import { cert, key } from './identity.mjs';

const { port } = readArguments();
const server = createServer({ cert, key, noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('data', (data) => socket.write(data));
});
server.on('tlsClientError', () => {});
server.listen({ port, host: '127.0.0.1', backlog: 1024 }, () => {
  announce(server.address().port, () => process.exit(0));
});
