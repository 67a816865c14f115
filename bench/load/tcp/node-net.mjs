// node:net as in its documentation, on TCP or a UNIX socket. `--cork` combines the answers to one read.

import { createServer } from 'node:net';

import { announce, LineEcho, readArguments } from '../contender.mjs';

const { mode, port, path, cork } = readArguments({ cork: { type: 'boolean', default: false } });

function echo(socket) {
  socket.on('data', (data) => socket.write(data));
}

function echoLines(socket) {
  const lines = new LineEcho();
  socket.on('data', (data) => lines.feed(data, socket));
}

function echoLinesCorked(socket) {
  const lines = new LineEcho();
  socket.on('data', (data) => {
    socket.cork();
    lines.feed(data, socket);
    socket.uncork();
  });
}

const serve = !mode.endsWith('lines') ? echo : cork ? echoLinesCorked : echoLines;
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  serve(socket);
});
const where = path === undefined ? { port, host: '127.0.0.1' } : { path };
server.listen({ ...where, backlog: 1024 }, () => {
  announce(path ?? server.address().port, () => process.exit(0));
});
