// An ident server that hides some users, and with --ask a client that connects to it and asks who it is.
import { parseArgs } from 'node:util';
import { createReactor, Protocol, TCPClientEndpoint } from 'ropewalk';
import { type IdentLookup, IdentServerFactory, identOf, procIdentLookup } from 'ropewalk/ident';

const hidden = new Set(['secret-service']);
const lookup: IdentLookup = async (request) => {
  const user = await procIdentLookup(request);
  return user !== undefined && hidden.has(user) ? { problem: 'HIDDEN-USER' } : user;
};

try {
  const options = { port: { type: 'string', default: '7043' }, ask: { type: 'boolean' } } as const;
  const { port, ask = false } = parseArgs({ options }).values;
  const reactor = createReactor();
  const factory = new IdentServerFactory(reactor, lookup);
  const listening = reactor.listenTCP(Number(port), factory, { interface: '127.0.0.1' });
  const address = listening.getHost();
  console.log(`ident server (${reactor.kind}) listening on port ${address.port}`);
  if (ask) {
    const endpoint = new TCPClientEndpoint(reactor, '127.0.0.1', address.port);
    const { transport } = await endpoint.connect(Protocol);
    const { userId } = await identOf(reactor, transport, { port: address.port, timeoutMs: 5_000 });
    console.log(`this program runs as ${userId}`);
    transport.loseConnection();
    await listening.stopListening();
  } else await reactor.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`small-ident: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
