// A forward proxy for users with a password: `curl -x http://alice:PASSWORD@127.0.0.1:7067 https://example.com/`. `--allow NETWORK` permits
// addresses that are refused by default, `--any-port` all ports.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { MemoryChecker, Portal } from 'ropewalk/cred';
import { serveHttp } from 'ropewalk/http';
import { ForwardProxy, proxyAuthentication } from 'ropewalk/web-proxy';

try {
  const options = {
    port: { type: 'string' },
    allow: { type: 'string', multiple: true },
    'any-port': { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ options });
  const { port = '7067', allow = [], 'any-port': anyPort = false } = values;
  const password = process.env.PROXY_PASSWORD ?? '';
  if (password === '') throw new RangeError('set PROXY_PASSWORD to the password of alice');
  const realm = {
    requestAvatar: (name: string) => ({ type: 'user' as const, avatar: { name } }),
  };
  const portal = new Portal(realm, [new MemoryChecker({ alice: password })]);
  const reactor = createReactor();
  const proxy = new ForwardProxy(reactor, {
    allow,
    ...(anyPort ? { ports: 'any', tunnelPorts: 'any' } : {}),
    authenticate: proxyAuthentication(portal),
  });
  const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
  const server = await serveHttp(reactor, endpoint, proxy.handler, { maxContentBytes: 2 ** 30 });
  reactor.addSystemEventTrigger('after', 'shutdown', () => proxy.close());
  console.log(`forward proxy (${reactor.kind}) listening on ${server.getHost()}`);
  await reactor.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`forward-proxy: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
