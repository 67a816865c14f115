// node:dgram as its documentation shows it, with large buffers.

import { createSocket } from 'node:dgram';
import { announce, DATAGRAM_BUFFER_BYTES, datagramService, readArguments } from '../contender.mjs';

const { mode, port } = readArguments();
const socket = createSocket({
  type: 'udp4',
  recvBufferSize: DATAGRAM_BUFFER_BYTES,
  sendBufferSize: DATAGRAM_BUFFER_BYTES,
});
socket.on(
  'message',
  datagramService(mode, (data, { port: to, address }) => socket.send(data, to, address)),
);
socket.bind(port, '127.0.0.1', () => announce(socket.address().port, () => process.exit(0)));
