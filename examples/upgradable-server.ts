// An echo server whose next version takes over its port without refusing connections: start it again with the same --meet.
// `node --import tsx examples/upgradable-server.ts --port 7018 --meet /tmp/echo-upgrade.sock`
import { parseArgs } from 'node:util';
import { createReactor, LimitUnsentBytesFactory, Protocol } from 'ropewalk';
import { serveUpgradable } from 'ropewalk/handover';

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '7018' },
    meet: { type: 'string', default: '/tmp/echo-upgrade.sock' },
    'drain-ms': { type: 'string', default: '30000' },
  },
});

const reactor = createReactor({ kind: 'native' });
// Receive nothing from a peer that does not read: at most 1 MiB is unsent for each, 64 MiB for all together.
const factory = new LimitUnsentBytesFactory(Echo, { clock: reactor, outcome: 'pause' });
const service = await serveUpgradable(
  reactor,
  values.meet,
  {
    echo: (inherited) =>
      inherited === undefined
        ? reactor.listenTCP(Number(values.port), factory, { interface: '127.0.0.1' })
        : reactor.adoptStreamPort(inherited, factory, { takeOver: true }),
  },
  { drainMs: Number(values['drain-ms']) },
);
const begun = service.tookOver ? 'took over' : 'listens on';
console.log(`${process.pid} ${begun} ${service.ports.echo.getHost()}`);

service.superseded.addCallback(() => console.log(`${process.pid} is superseded`));
service.drained.addCallback((left) => {
  console.log(`${process.pid} ends, ${left} connections left`);
  if (reactor.running) reactor.stop();
});
await reactor.run();
await service.stop();
