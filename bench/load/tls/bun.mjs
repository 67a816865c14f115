// Bun's own TLS server (Bun.listen). Its write may take a part only; the rest waits for `drain`.
import { announce, readArguments } from '../contender.mjs';
import { cert, key } from './identity.mjs';

const { port } = readArguments();

/** Writes, or queues behind what was not taken; a connection that keeps up has no queue. */
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

const server = Bun.listen({
  hostname: '127.0.0.1',
  port,
  tls: { cert, key },
  socket: { data: write, drain },
});
announce(server.port, () => process.exit(0));
