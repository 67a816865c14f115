// Sends back what it receives: `node --import tsx examples/echo-server.ts --port 7007`.
import { parseArgs } from 'node:util';
import { createReactor, Protocol } from 'ropewalk';

class Echo extends Protocol {
  // Received bytes are sent at once and not kept, so the transport need not copy them.
  override readonly acceptsLentBytes = true;

  override connectionMade(): void {
    // While the peer does not read the answers, receive no more from it.
    this.transport.registerProducer(this.transport, true);
  }

  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }

  // The peer has finished sending: close when everything has been sent.
  readConnectionLost(): void {
    this.transport.unregisterProducer();
    this.transport.loseConnection();
  }
}

try {
  const { port = '7007' } = parseArgs({ options: { port: { type: 'string' } } }).values;
  const reactor = createReactor();
  const listening = reactor.listenTCP(Number(port), Echo, { interface: '127.0.0.1' });
  const address = listening.getHost();
  console.log(`echo server (${reactor.kind}, ${reactor.poller}) listening on port ${address.port}`);
  await reactor.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`echo-server: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
