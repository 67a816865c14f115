// Stores texts for its clients: `node --import tsx examples/framed-server.ts --port 7010`.
import { parseArgs } from 'node:util';
import { Factory, getReactor } from 'ropewalk';
import { Store } from './framed-store.js';

try {
  const { port = '7010' } = parseArgs({ options: { port: { type: 'string' } } }).values;
  const reactor = getReactor();
  const factory = Factory.forProtocol(Store, new Map<string, string>());
  const listening = reactor.listenTCP(Number(port), factory, { interface: '127.0.0.1' });
  const address = listening.getHost();
  console.log(`store (${reactor.kind}, ${reactor.poller}) listening on port ${address.port}`);
  await reactor.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`framed-server: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
