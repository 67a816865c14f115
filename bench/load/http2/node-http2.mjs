// node:http2 with prior knowledge, by its streams, or by requests and responses as those of node:http: `--compat`.
import { createServer } from 'node:http2';

import { announce, readArguments } from '../contender.mjs';
import { HELLO } from '../http/service.mjs';

const { port, compat } = readArguments({ compat: { type: 'boolean', default: false } });

const server = createServer();
if (compat) {
  server.on('request', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': HELLO.length });
    response.end(HELLO);
  });
} else {
  server.on('stream', (stream) => {
    stream.respond({
      ':status': 200,
      'content-type': 'text/plain',
      'content-length': HELLO.length,
    });
    stream.end(HELLO);
  });
}
server.listen({ port, host: '127.0.0.1', backlog: 4096 }, () => {
  announce(server.address().port, () => process.exit(0));
});
