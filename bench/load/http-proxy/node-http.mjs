// A reverse proxy by `pipe` of node:http, with kept connections.
import { Agent, request as ask, createServer } from 'node:http';

import { announce, readArguments, targetOf } from '../contender.mjs';

const args = readArguments();
const { host, port } = targetOf(args);
const agent = new Agent({ keepAlive: true });

const server = createServer((request, response) => {
  const { method, url: path } = request;
  const { connection: _, ...headers } = request.headers;
  headers['x-forwarded-for'] = request.socket.remoteAddress;
  const outbound = ask({ agent, host, port, method, path, headers }, (answer) => {
    const { connection: _, 'keep-alive': __, ...fields } = answer.headers;
    response.writeHead(answer.statusCode, fields);
    answer.pipe(response);
  });
  outbound.on('error', () => response.destroy());
  request.pipe(outbound);
});
// Connections rest while other servers are measured.
server.keepAliveTimeout = 0;
server.listen({ port: args.port, host: '127.0.0.1', backlog: 4096 }, () => {
  announce(server.address().port, () => process.exit(0));
});
