// Greets over HTTP: `node --import tsx examples/http-hello.ts --port 8080`. `--reactor native|node` chooses the implementation.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { type HTTPRequest, type HTTPResponse, serveHttp } from 'ropewalk/http';

function hello(_request: HTTPRequest, response: HTTPResponse): void {
  response.setField('Content-Type', 'text/plain').send('Hello, World!');
}

try {
  const options = { port: { type: 'string' }, reactor: { type: 'string' } } as const;
  const { port = '8080', reactor: kind = 'auto' } = parseArgs({ options }).values;
  const reactor = createReactor({ kind: kind as 'auto' | 'native' | 'node' });
  const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
  const server = await serveHttp(reactor, endpoint, hello);
  console.log(`HTTP server (${reactor.kind}) listening on ${server.getHost()}`);
  await reactor.run(); // until SIGINT or SIGTERM: then requests in progress are answered
} catch (error) {
  console.error(`http-hello: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
