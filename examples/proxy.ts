// Forwards each connection to --target, including backpressure and half-close.
import { parseArgs } from 'node:util';
import { ClientFactory, ConnectionDone, createReactor, Protocol } from 'ropewalk';

/** One side of a proxied connection: the other side sends the bytes that this one receives. */
class Side extends Protocol {
  override readonly acceptsLentBytes = true;
  other: Side | undefined;
  ended = false;

  override connectionMade(): void {
    const { other, transport } = this;
    transport.pauseProducing(); // until the other side is connected
    if (other === undefined) return;
    // Each side receives no faster than the other can send.
    other.other = this;
    other.transport.registerProducer(transport, true);
    transport.registerProducer(other.transport, true);
    transport.resumeProducing();
    other.transport.resumeProducing();
  }

  override dataReceived(data: Buffer): void {
    this.other?.transport.write(data);
  }

  // This side's peer has finished sending: end sending on the other side when everything is sent.
  readConnectionLost(): void {
    this.ended = true;
    this.other?.transport.unregisterProducer();
    if (this.other?.ended) this.other.transport.loseConnection();
    else this.other?.transport.loseWriteConnection();
  }

  override connectionLost(reason: Error): void {
    this.other?.transport.unregisterProducer();
    if (reason instanceof ConnectionDone) this.other?.transport.loseConnection();
    else this.other?.transport.abortConnection();
  }
}

try {
  const options = { port: { type: 'string' }, target: { type: 'string' } } as const;
  const { port = '7019', target = '127.0.0.1:7007' } = parseArgs({ options }).values;
  const [, host, targetPort] = /^\[?(.+?)\]?:(\d{1,5})$/.exec(target) ?? [];
  if (host === undefined) throw new RangeError(`--target is HOST:PORT, not "${target}"`);
  const reactor = createReactor();
  const inbound = (): Side => {
    const [side, outbound] = [new Side(), new Side()];
    outbound.other = side;
    const factory = new ClientFactory();
    factory.buildProtocol = () => outbound;
    factory.clientConnectionFailed = () => side.transport.abortConnection();
    reactor.connectTCP(host, Number(targetPort), factory);
    return side;
  };
  const listening = reactor.listenTCP(Number(port), inbound, { interface: '127.0.0.1' });
  const address = listening.getHost();
  console.log(`proxy (${reactor.kind}, ${reactor.poller}) listening on port ${address.port}`);
  await reactor.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`proxy: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
