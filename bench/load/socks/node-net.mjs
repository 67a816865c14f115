// A minimal SOCKS 5 proxy: node:net, and `pipe` both ways. Each message of the client is expected in one chunk.

import net from 'node:net';
import { announce, readArguments } from '../contender.mjs';

const args = readArguments();

const server = net.createServer({ noDelay: true }, (inbound) => {
  inbound.on('error', () => {});
  inbound.once('data', () => {
    inbound.write(Buffer.from([5, 0]));
    inbound.once('data', (request) => {
      inbound.pause();
      const host = request.subarray(4, 8).join('.');
      const outbound = net.connect({ host, port: request.readUInt16BE(8), noDelay: true }, () => {
        inbound.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
        inbound.pipe(outbound);
        outbound.pipe(inbound);
      });
      outbound.on('error', () => inbound.destroy());
    });
  });
});
server.listen({ port: args.port, host: '127.0.0.1' }, () => {
  announce(server.address().port, () => process.exit(0));
});
