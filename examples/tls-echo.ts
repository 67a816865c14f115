// An echo server over TLS: `node --import tsx examples/tls-echo.ts --port 7020`, with a certificate of its own for localhost, or
// with `--cert chain.pem --key key.pem`. `--reactor native|node` and `--engine native|node` choose the implementations.
import { parseArgs } from 'node:util';
import { createReactor, Protocol } from 'ropewalk';
import { listenTLS, selfSignedCertificate, TLSServerContext } from 'ropewalk/tls';

type Kind = 'auto' | 'native' | 'node';

class Echo extends Protocol {
  override readonly acceptsLentBytes = true;
  #shouts = false;

  override connectionMade(): void {
    this.transport.registerProducer(this.transport, true);
  }

  // No data comes before the handshake is complete.
  handshakeCompleted(): void {
    this.#shouts = this.transport.tls?.negotiatedProtocol === 'shout';
  }

  override dataReceived(data: Buffer): void {
    this.transport.write(this.#shouts ? data.toString().toUpperCase() : data);
  }
}

try {
  const text = { type: 'string' } as const;
  const options = { port: text, reactor: text, engine: text, cert: text, key: text };
  const {
    port = '7020',
    reactor: kind = 'auto',
    engine = 'auto',
    ...files
  } = parseArgs({
    options,
  }).values;
  const reactor = createReactor({ kind: kind as Kind });
  const context = new TLSServerContext({
    identity:
      files.cert === undefined
        ? await selfSignedCertificate()
        : { certificateFile: files.cert, keyFile: files.key },
    engine: engine as Kind,
    alpnProtocols: ['echo', 'shout'],
  });
  const listening = listenTLS(reactor, Number(port), Echo, context, { interface: '127.0.0.1' });
  console.log(`TLS echo (${reactor.kind}) listening on port ${listening.getHost().port}`);
  await reactor.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`tls-echo: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
