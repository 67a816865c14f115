// A table for Postfix: `postmap -q postmaster tcp:127.0.0.1:7044`, or with --socketmap `postmap -q postmaster socketmap:inet:127.0.0.1:7044:aliases`.
import { parseArgs } from 'node:util';
import { createReactor } from 'ropewalk';
import { TableLookupError, TableServerFactory } from 'ropewalk/postfix';

const ALIASES = new Map([['postmaster', 'alice@example.com']]);

try {
  const options = {
    port: { type: 'string', default: '7044' },
    socketmap: { type: 'boolean' },
  } as const;
  const { port, socketmap = false } = parseArgs({ options }).values;
  const reactor = createReactor();

  async function lookup(key: string, map: string): Promise<string | undefined> {
    if (socketmap && map !== 'aliases') throw new TableLookupError(`no map ${map}`, 'permanent');
    return ALIASES.get(key); // in place of a database
  }

  const factory = new TableServerFactory(reactor, lookup, {
    protocol: socketmap ? 'socketmap' : 'tcp',
  });
  const listening = reactor.listenTCP(Number(port), factory, { interface: '127.0.0.1' });
  console.log(`table server (${reactor.kind}) listening on port ${listening.getHost().port}`);
  await reactor.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`small-table: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
