// Bun's own WebSocket server, as in its documentation.
import { announce, readArguments } from '../contender.mjs';

const { mode, port } = readArguments();
const TOPIC = 'all';
const broadcasts = mode === 'broadcast';
const server = Bun.serve({
  port,
  hostname: '127.0.0.1',
  fetch(request, http) {
    return http.upgrade(request) ? undefined : new Response('WebSocket only', { status: 426 });
  },
  websocket: {
    // Connections rest while other servers are measured.
    idleTimeout: 0,
    open(socket) {
      if (broadcasts) socket.subscribe(TOPIC);
    },
    message(socket, message) {
      if (broadcasts) server.publish(TOPIC, message);
      else socket.send(message);
    },
  },
});
announce(server.port, () => process.exit(0));
