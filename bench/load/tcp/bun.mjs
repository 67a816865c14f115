// Bun's own TCP server (Bun.listen).

import { drain, write } from '../bun-write.mjs';
import { announce, LineEcho, readArguments } from '../contender.mjs';

const { mode, port } = readArguments();

const echo = { data: write, drain };

const echoLines = {
  open(socket) {
    socket.data = { lines: new LineEcho(), sink: { write: (bytes) => write(socket, bytes) } };
  },
  data(socket, data) {
    socket.data.lines.feed(data, socket.data.sink);
  },
  drain,
};

const server = Bun.listen({
  hostname: '127.0.0.1',
  port,
  socket: mode === 'lines' ? echoLines : echo,
});
announce(server.port, () => process.exit(0));
