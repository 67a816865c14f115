// fastify as in its documentation, without a logger.
import { createRequire } from 'node:module';

import { announce, readArguments } from '../contender.mjs';
import { HELLO } from './service.mjs';

const { port } = readArguments();
const { fastify } = createRequire(new URL('../../.peers/package.json', import.meta.url))('fastify');
const server = fastify({ logger: false });
server.get('/', (_request, reply) => reply.type('text/plain').send(HELLO));
server.post('/', (request, reply) => reply.type('text/plain').send(String(request.body.name)));
await server.listen({ port, host: '127.0.0.1', backlog: 4096 });
announce(server.server.address().port, () => process.exit(0));
