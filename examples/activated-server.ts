// An echo server on sockets opened by a service manager:
// `systemd-socket-activate -l 7016 -E PATH node --import tsx examples/activated-server.ts`
import { createReactor, Protocol } from 'ropewalk';
import { takeInheritedSockets } from 'ropewalk/handover';

class Echo extends Protocol {
  override connectionMade(): void {
    this.transport.registerProducer(this.transport, true); // receive no faster than the peer reads
  }

  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

const reactor = createReactor();
for (const { fd, name } of takeInheritedSockets()) {
  const port = reactor.adoptStreamPort(fd, Echo, { takeOver: true });
  console.log(`${name}: descriptor ${fd} listens on ${port.getHost()}`);
}
await reactor.run();
