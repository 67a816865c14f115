// A SOCKS proxy for users with a password: `curl -x socks5h://alice:PASSWORD@127.0.0.1:7024 http://example.com/`.
import { timingSafeEqual } from 'node:crypto';
import { parseArgs } from 'node:util';
import { createReactor } from 'ropewalk';
import { SocksServerFactory } from 'ropewalk/socks';

try {
  const options = {
    port: { type: 'string' },
    allow: { type: 'string', multiple: true }, // networks that are refused by default
  } as const;
  const { port = '7024', allow = [] } = parseArgs({ options }).values;
  const password = Buffer.from(process.env.SOCKS_PASSWORD ?? '');
  if (password.length === 0) throw new RangeError('set SOCKS_PASSWORD to the password of alice');
  const reactor = createReactor();
  const factory = new SocksServerFactory(reactor, {
    allow,
    authenticate: (name, given) => {
      const bytes = Buffer.from(given);
      const right = bytes.length === password.length && timingSafeEqual(bytes, password);
      return right && name === 'alice';
    },
    permit: ({ request }) => request.port !== 25, // no mail
    onServed: ({ request, username }, peer) =>
      console.log(`${username}@${peer}: ${request.command} ${request.host} ${request.port}`),
    onRefused: (reason, peer) => console.error(`refused ${peer}: ${reason.message}`),
  });
  const listening = reactor.listenTCP(Number(port), factory, { interface: '127.0.0.1' });
  console.log(`SOCKS proxy (${reactor.kind}) listening on port ${listening.getHost().port}`);
  await reactor.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`socks-proxy: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
