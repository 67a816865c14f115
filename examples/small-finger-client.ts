// Asks a finger server: `node --import tsx examples/small-finger-client.ts tcp:127.0.0.1:7041 alice`.
import { clientFromString, createReactor } from 'ropewalk';
import { finger } from 'ropewalk/finger';

const [server = 'tcp:127.0.0.1:7041', who = ''] = process.argv.slice(2);
try {
  const reactor = createReactor();
  const endpoint = clientFromString(reactor, server);
  process.stdout.write(await finger(endpoint, who, { clock: reactor, timeoutMs: 10_000 }));
} catch (error) {
  console.error(`small-finger-client: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
