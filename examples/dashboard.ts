// An echo server with a dashboard: `node --import tsx examples/dashboard.ts --port 7030`, then `npx ropewalk dashboard`, or open
// http://127.0.0.1:7009/.
import { parseArgs } from 'node:util';
import { createReactor, LineReceiver, TCPServerEndpoint } from 'ropewalk';
import { serveDashboard } from 'ropewalk/dashboard';

let lines = 0;

class Echo extends LineReceiver {
  #last = 'nothing yet';

  /** Shown in the table of connections. */
  get description(): string {
    return `echo: ${this.#last}`;
  }

  lineReceived(line: Buffer): void {
    lines += 1;
    this.#last = line.toString('utf8', 0, 40);
    this.sendLine(line);
  }
}

try {
  const string = { type: 'string' } as const;
  const { values } = parseArgs({ options: { port: string, 'dashboard-port': string } });
  const reactor = createReactor({ measureTurns: true });
  const port = reactor.listenTCP(Number(values.port ?? 7030), Echo, { interface: '127.0.0.1' });
  const dashboard = await serveDashboard(
    reactor,
    new TCPServerEndpoint(reactor, Number(values['dashboard-port'] ?? 7009), {
      interface: '127.0.0.1',
    }),
    { title: 'Echo', meters: { lines: () => lines } },
  );
  dashboard.log(`listening on ${port.getHost()}`);
  console.log(`dashboard at http://${dashboard.getHost()}/, echo on ${port.getHost()}`);
  await reactor.run();
} catch (error) {
  console.error(`dashboard: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}
