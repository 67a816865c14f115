// Bun's own TCP server (Bun.listen). Its write may take a part only; the rest waits for `drain`.

import { announce, LineEcho, readArguments } from '../contender.mjs';

const { mode, port } = readArguments();

/** Writes, or queues behind what the kernel did not take; a connection that keeps up has no queue. */
function write(socket, bytes) {
  const queue = socket.data?.queue;
  if (queue !== undefined) {
    queue.push(Buffer.from(bytes));
    return;
  }
  const taken = Math.max(0, socket.write(bytes));
  if (taken === bytes.length) return;
  socket.data ??= {};
  socket.data.queue = [Buffer.from(bytes.subarray(taken))];
}

function drain(socket) {
  const queue = socket.data?.queue;
  if (queue === undefined) return;
  socket.data.queue = undefined;
  for (const bytes of queue) write(socket, bytes);
}

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
