// An Express application over a reactor: `node --import tsx examples/express-app.ts --port 8080`. `--reactor native|node`.
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import express from 'express';
import { createReactor } from 'ropewalk';
import { createServer } from 'ropewalk/node-http';

const app = express();
app.use(express.json());
app.get('/', (_request, response) => {
  response.type('text/plain').send('Hello, World!');
});
app.post('/sum', (request, response) => {
  const numbers = request.body as number[];
  response.json({ sum: numbers.reduce((sum, number) => sum + number, 0) });
});

const options = { port: { type: 'string' }, reactor: { type: 'string' } } as const;
const { port = '8080', reactor: kind = 'auto' } = parseArgs({ options }).values;
const reactor = createReactor({ kind: kind as 'auto' | 'native' | 'node' });
const server = createServer({ reactor }, app);
server.on('error', (error) => {
  console.error(`express-app: ${error.message}`);
  process.exitCode = 1;
  reactor.stop();
});
server.listen(Number(port), '127.0.0.1', () => {
  const { port: opened } = server.address() as AddressInfo;
  console.log(`HTTP server (${reactor.kind}) listening on 127.0.0.1:${opened}`);
});
await reactor.run(); // until SIGINT or SIGTERM: then requests in progress are answered
