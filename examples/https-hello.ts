// Greets over HTTPS: `node --import tsx examples/https-hello.ts --port 8443`, then `curl -k https://localhost:8443`. It makes a
// certificate of its own for localhost, or uses `--cert chain.pem --key key.pem`.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint, wrapServerTLS } from 'ropewalk';
import { serveHttp } from 'ropewalk/http';
import { selfSignedCertificate, TLSServerContext } from 'ropewalk/tls';

const STRING = { type: 'string' } as const;

try {
  const options = { port: STRING, cert: STRING, key: STRING };
  const { port = '8443', cert, key } = parseArgs({ options }).values;
  const reactor = createReactor();
  const context = new TLSServerContext({
    identity:
      cert === undefined
        ? await selfSignedCertificate()
        : { certificateFile: cert, keyFile: key ?? cert },
  });
  const tcp = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
  const server = await serveHttp(reactor, wrapServerTLS(context, tcp), (request, response) => {
    response
      .setField('Content-Type', 'text/plain')
      .setField('Strict-Transport-Security', 'max-age=60');
    response.send(`Hello over ${request.secure ? 'TLS' : 'TCP'}, ${request.remoteAddress}!\n`);
  });
  console.log(`HTTPS server (${reactor.kind}) listening on ${server.getHost()}`);
  await reactor.run();
} catch (error) {
  console.error(`https-hello: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}
