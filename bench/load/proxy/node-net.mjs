// A proxy by `pipe` of node:net, both ways.

import net from 'node:net';
import { announce, readArguments, targetOf } from '../contender.mjs';

const args = readArguments();
const target = { ...targetOf(args), noDelay: true };

const server = net.createServer({ noDelay: true }, (inbound) => {
  const outbound = net.connect(target);
  inbound.on('error', () => outbound.destroy());
  outbound.on('error', () => inbound.destroy());
  inbound.pipe(outbound);
  outbound.pipe(inbound);
});
server.listen({ port: args.port, host: '127.0.0.1', backlog: 1024 }, () => {
  announce(server.address().port, () => process.exit(0));
});
