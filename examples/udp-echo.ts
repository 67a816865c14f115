// Sends each datagram back to its sender: `node --import tsx examples/udp-echo.ts --port 7015`.
import { parseArgs } from 'node:util';
import { createReactor, DatagramProtocol, type IPAddress } from 'ropewalk';

class Echo extends DatagramProtocol {
  override datagramReceived(data: Buffer, from: IPAddress): void {
    this.transport.write(data, from);
  }
}

const { port = '7015' } = parseArgs({ options: { port: { type: 'string' } } }).values;
const reactor = createReactor();
const listening = reactor.listenUDP(Number(port), new Echo(), { interface: '127.0.0.1' });
console.log(`UDP echo server (${reactor.kind}) on ${listening.getHost()}`);
await reactor.run();
