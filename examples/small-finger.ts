// A finger server for users of a file, one "name: text" in each line: `printf 'alice\\r\\n' | nc 127.0.0.1 7041`.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createReactor } from 'ropewalk';
import { FingerServerFactory } from 'ropewalk/finger';

try {
  const options = { port: { type: 'string', default: '7041' }, users: { type: 'string' } } as const;
  const { port, users = 'users.txt' } = parseArgs({ options }).values;
  const reactor = createReactor();

  async function lookup(name: string): Promise<string | undefined> {
    const lines = (await readFile(users, 'utf8')).split('\n');
    const line = lines.find((text) => text.startsWith(`${name}: `));
    return line?.slice(name.length + 2);
  }

  const factory = new FingerServerFactory(reactor, lookup);
  const listening = reactor.listenTCP(Number(port), factory, { interface: '127.0.0.1' });
  console.log(`finger server (${reactor.kind}) listening on port ${listening.getHost().port}`);
  await reactor.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`small-finger: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
