// uWebSockets.js as in its documentation: an echo, and a topic to which every connection subscribes.
import { createRequire } from 'node:module';

import { announce, readArguments } from '../contender.mjs';

const { mode, port } = readArguments();
const uws = createRequire(new URL('../../.peers/package.json', import.meta.url))(
  '@trufflesuite/uws-js-unofficial',
);
const TOPIC = 'all';
const broadcasts = mode === 'broadcast';
const app = uws.App();
app
  .ws('/*', {
    // Connections rest while other servers are measured.
    idleTimeout: 0,
    maxPayloadLength: 1024 * 1024,
    open(socket) {
      if (broadcasts) socket.subscribe(TOPIC);
    },
    message(socket, message, isBinary) {
      if (broadcasts) app.publish(TOPIC, message, isBinary);
      else socket.send(message, isBinary);
    },
  })
  .listen('127.0.0.1', port, (socket) => {
    announce(uws.us_socket_local_port(socket), () => process.exit(0));
  });
