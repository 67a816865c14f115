// Greets over HTTP/2 and HTTP/1.1: `node --import tsx examples/http2-hello.ts --port 7076`, then `curl -k --http2 https://localhost:7076`. It
// makes a certificate of its own for localhost. `--clear` leaves TLS out: `curl --http2-prior-knowledge http://localhost:7076`.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint, wrapServerTLS } from 'ropewalk';
import { type HTTPRequest, type HTTPResponse, serveHttp } from 'ropewalk/http';
import { selfSignedCertificate, TLSServerContext } from 'ropewalk/tls';

function hello({ version }: HTTPRequest, response: HTTPResponse): void {
  response.setField('Content-Type', 'text/plain').send(`Hello over HTTP/${version}!\n`);
}

const STRING = { type: 'string' } as const;

try {
  const options = { port: STRING, reactor: STRING, clear: { type: 'boolean' } } as const;
  const { port = '7076', reactor: kind = 'auto', clear = false } = parseArgs({ options }).values;
  const reactor = createReactor({ kind: kind as 'auto' | 'native' | 'node' });
  const tcp = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
  const context = new TLSServerContext({ identity: await selfSignedCertificate() });
  const endpoint = clear ? tcp : wrapServerTLS(context, tcp);
  const limits = { maxConcurrentStreams: 100 };
  const server = await serveHttp(reactor, endpoint, hello, { http2: limits });
  const address = server.getHost();
  if (address.type === 'TCP') {
    console.log(`${clear ? 'http' : 'https'}://localhost:${address.port} (${reactor.kind})`);
  }
  await reactor.run();
} catch (error) {
  console.error(`http2-hello: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
