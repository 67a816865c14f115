// Forwards a port to an endpoint: `node --import tsx examples/small-forward.ts --target tcp:127.0.0.1:7007`.
import { parseArgs } from 'node:util';
import { clientFromString, createReactor } from 'ropewalk';
import { PortForwardFactory } from 'ropewalk/portforward';

try {
  const options = {
    port: { type: 'string', default: '7042' },
    target: { type: 'string' },
  } as const;
  const { port, target = 'tcp:127.0.0.1:7007' } = parseArgs({ options }).values;
  const reactor = createReactor();
  const factory = new PortForwardFactory(reactor, clientFromString(reactor, target), {
    idleTimeoutMs: 300_000,
    maxConnections: 100,
    onForwarded: (client, to) => console.log(`${client} is connected to ${to}`),
    onFailed: (reason, client) => console.error(`${client}: ${reason.message}`),
  });
  const listening = reactor.listenTCP(Number(port), factory, { interface: '127.0.0.1' });
  console.log(`forwarding (${reactor.kind}) from port ${listening.getHost().port}`);
  await reactor.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`small-forward: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
