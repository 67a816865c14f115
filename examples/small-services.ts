// The simple services, each on the port behind the last one: echo, discard, chargen, daytime, time, quote. With --ask also clients.
import { parseArgs } from 'node:util';
import { createReactor, TCPClientEndpoint } from 'ropewalk';
import {
  askDaytime,
  askQuote,
  askTime,
  SimpleDatagramServer,
  SimpleServerFactory,
} from 'ropewalk/simple';

const SERVICES = ['echo', 'discard', 'chargen', 'daytime', 'time', 'quote'] as const;
const quote = (): string => 'A rope is as strong as its yarns.\n';

try {
  const options = { port: { type: 'string', default: '7050' }, ask: { type: 'boolean' } } as const;
  const values = parseArgs({ options }).values;
  const [first, ask] = [Number(values.port), values.ask ?? false];
  const reactor = createReactor();
  const local = { interface: '127.0.0.1' };
  const ports = SERVICES.map((service, i) => {
    const factory = new SimpleServerFactory(reactor, service, service === 'quote' ? { quote } : {});
    return reactor.listenTCP(first === 0 ? 0 : first + i, factory, local).getHost().port;
  });
  // Answers no datagram with a longer one.
  reactor.listenUDP(first, new SimpleDatagramServer('echo'), local);
  console.log(`simple services (${reactor.kind}) on ports ${ports.join(', ')}`);
  if (ask) {
    const at = (i: number) => new TCPClientEndpoint(reactor, '127.0.0.1', ports[i] ?? 0);
    console.log(await askDaytime(at(3), { clock: reactor }));
    console.log((await askTime(at(4), { clock: reactor })).toISOString());
    console.log(await askQuote(at(5), { clock: reactor }));
  }
  await reactor.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`small-services: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
