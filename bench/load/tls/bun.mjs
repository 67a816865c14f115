// Bun's own TLS server (Bun.listen).
import { drain, write } from '../bun-write.mjs';
import { announce, readArguments } from '../contender.mjs';
import { cert, key } from './identity.mjs';

const { port } = readArguments();

const server = Bun.listen({
  hostname: '127.0.0.1',
  port,
  tls: { cert, key },
  socket: { data: write, drain },
});
announce(server.port, () => process.exit(0));
