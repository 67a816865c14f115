// Express as in its documentation, on node:http or on the facade: `--on node-http|native|node`.
import express, { json } from 'express';
import { announce, readArguments } from '../contender.mjs';
import { createServerOn } from './framework-server.mjs';
import { HELLO } from './service.mjs';

const { port, on } = readArguments({ on: { type: 'string', default: 'node-http' } });
const createServer = await createServerOn(on);
const app = express();
app.get('/', (_request, response) => response.type('text/plain').send(HELLO));
app.post('/', json(), (request, response) =>
  response.type('text/plain').send(String(request.body.name)),
);
const server = createServer(app);
server.listen({ port, host: '127.0.0.1', backlog: 4096 }, () => {
  announce(server.address().port, () => process.exit(0));
});
