// Bun's own UDP socket (Bun.udpSocket). It has no option for the size of its buffers.

import { announce, datagramService, readArguments } from '../contender.mjs';

const { mode, port } = readArguments();
const serve = datagramService(mode, (data, { socket, port: to, address }) =>
  socket.send(data, to, address),
);
const server = await Bun.udpSocket({
  hostname: '127.0.0.1',
  port,
  socket: {
    data(socket, data, from, address) {
      serve(data, { socket, port: from, address });
    },
  },
});
announce(server.port, () => process.exit(0));
