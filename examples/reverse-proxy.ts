// A reverse proxy: `node --import tsx examples/reverse-proxy.ts --port 7068 127.0.0.1:8081 127.0.0.1:8082=3`. Backends are HOST:PORT, with
// =WEIGHT if they get another share of the requests. `--reactor native|node` chooses the implementation, `--check PATH` checks their health.
import { parseArgs } from 'node:util';
import { clientFromString, createReactor, TCPServerEndpoint } from 'ropewalk';
import { serveHttp } from 'ropewalk/http';
import { ReverseProxy } from 'ropewalk/web-proxy';

try {
  const options = {
    port: { type: 'string' },
    reactor: { type: 'string' },
    check: { type: 'string' },
  } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const { port = '7068', reactor: kind = 'auto', check } = values;
  const reactor = createReactor({ kind: kind as 'auto' | 'native' | 'node' });
  const backends = positionals.map((argument) => {
    const [authority = '', weight = '1'] = argument.split('=');
    const endpoint = clientFromString(reactor, `tcp:${authority}`);
    return { endpoint, authority, name: authority, weight: Number(weight) };
  });
  const healthCheck = check === undefined ? {} : { healthCheck: { target: check } };
  const proxy = new ReverseProxy(reactor, backends, healthCheck);
  const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
  const server = await serveHttp(reactor, endpoint, proxy.handler, {
    maxContentBytes: 2 ** 30, // Uploads are streamed: they need no memory.
  });
  reactor.addSystemEventTrigger('after', 'shutdown', () => proxy.close());
  console.log(`reverse proxy (${reactor.kind}) listening on ${server.getHost()}`);
  await reactor.run(); // until SIGINT or SIGTERM: then requests in progress are answered
} catch (error) {
  console.error(`reverse-proxy: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
