// Fastify as in its documentation, without a logger, on node:http or on the facade: `--on node-http|native|node`.
import { fastify } from 'fastify';
import { announce, readArguments } from '../contender.mjs';
import { createServerOn } from './framework-server.mjs';
import { HELLO } from './service.mjs';

const { port, on } = readArguments({ on: { type: 'string', default: 'node-http' } });
const createServer = await createServerOn(on);
const options = on === 'node-http' ? {} : { serverFactory: (handler) => createServer(handler) };
const server = fastify({ logger: false, ...options });
server.get('/', (_request, reply) => reply.type('text/plain').send(HELLO));
server.post('/', (request, reply) => reply.type('text/plain').send(String(request.body.name)));
await server.listen({ port, host: '127.0.0.1', backlog: 4096 });
announce(server.server.address().port, () => process.exit(0));
