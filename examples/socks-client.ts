// Sends a line to a host through a SOCKS proxy, and prints the answer. The proxy resolves the host's name.
import { parseArgs } from 'node:util';
import { clientFromString, createReactor, Protocol } from 'ropewalk';
import { SocksClientEndpoint } from 'ropewalk/socks';

class Printer extends Protocol {
  override connectionMade(): void {
    this.transport.write('hello\n');
  }

  override dataReceived(data: Buffer): void {
    process.stdout.write(data);
    this.transport.loseConnection();
  }
}

const reactor = createReactor();
try {
  const { values, positionals } = parseArgs({
    options: { proxy: { type: 'string', default: 'tcp:127.0.0.1:1080' } },
    allowPositionals: true,
  });
  const [host = 'localhost', port = '7007'] = positionals;
  const password = process.env.SOCKS_PASSWORD;
  const proxy = clientFromString(reactor, values.proxy);
  const endpoint = new SocksClientEndpoint(proxy, host, Number(port), {
    clock: reactor,
    ...(password !== undefined && { username: 'alice', password }),
  });
  await endpoint.connect(Printer);
} catch (error) {
  console.error(`socks-client: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}
