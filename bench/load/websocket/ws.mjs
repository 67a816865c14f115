// npm's `ws` as in its documentation: an echo, and a broadcast to all clients.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { announce, readArguments } from '../contender.mjs';

const { mode, port } = readArguments();
const http = createServer();
const server = new WebSocketServer({ server: http, perMessageDeflate: false });
server.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (message, binary) => {
    if (mode !== 'broadcast') {
      socket.send(message, { binary });
      return;
    }
    for (const client of server.clients) {
      if (client.readyState === client.OPEN) client.send(message, { binary });
    }
  });
});
http.listen({ port, host: '127.0.0.1', backlog: 4096 }, () => {
  announce(http.address().port, () => process.exit(0));
});
