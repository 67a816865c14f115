// Sends each datagram back to where it came from: `node --import tsx examples/udp-echo.ts --port 7007`.
import { parseArgs } from 'node:util';
import { createReactor, DatagramProtocol, type IPAddress, type Reactor } from 'ropewalk';

class Echo extends DatagramProtocol {
  override datagramReceived(data: Buffer, from: IPAddress): void {
    this.transport.write(data, from);
  }
}

const { values } = parseArgs({
  options: { port: { type: 'string', default: '7007' }, reactor: { type: 'string' } },
});
const reactor = createReactor({ kind: values.reactor as Reactor['kind'] });
const port = reactor.listenUDP(Number(values.port), new Echo(), { interface: '127.0.0.1' });
console.log(`UDP echo server (${reactor.kind}) on ${port.getHost()}`);
await reactor.run();
