// Writing to sockets of Bun.listen: a write may take a part only; the rest waits for `drain`.

/** Writes, or queues behind the bytes that were not taken; a connection that keeps up has no queue. */
export function write(socket, bytes) {
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

export function drain(socket) {
  const queue = socket.data?.queue;
  if (queue === undefined) return;
  socket.data.queue = undefined;
  for (const bytes of queue) write(socket, bytes);
}
