// A server behind HAProxy, nginx or another load balancer: it tells each client its address, which the PROXY header has.
import { parseArgs } from 'node:util';
import { createReactor, Protocol, ProxyProtocolFactory, proxyHeaderOf } from 'ropewalk';

class Mirror extends Protocol {
  override connectionMade(): void {
    const { transport } = this;
    const tls = proxyHeaderOf(transport)?.ssl;
    const how = tls === undefined ? 'without TLS' : `with ${tls.version}`;
    transport.write(`You are ${transport.getPeer()}, connected ${how} to ${transport.getHost()}\n`);
    transport.loseConnection();
  }
}

try {
  const options = {
    port: { type: 'string' },
    trusted: { type: 'string', multiple: true },
  } as const;
  const { port = '7013', trusted = ['127.0.0.1', '::1'] } = parseArgs({ options }).values;
  const reactor = createReactor();
  const factory = new ProxyProtocolFactory(Mirror, {
    clock: reactor,
    trustedPeers: trusted, // the proxies' addresses and networks, and nobody else's
    onRefused: (reason, peer) => console.error(`refused ${peer}: ${reason.message}`),
  });
  const listening = reactor.listenTCP(Number(port), factory);
  console.log(`mirror (${reactor.kind}) listening on port ${listening.getHost().port}`);
  await reactor.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`behind-a-proxy: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
