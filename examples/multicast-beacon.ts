// Announces itself to a multicast group, and prints the other members: `node --import tsx examples/multicast-beacon.ts --name one`.
import { parseArgs } from 'node:util';
import { createReactor, DatagramProtocol, LoopingCall } from 'ropewalk';

const { values } = parseArgs({
  options: {
    name: { type: 'string', default: `process ${process.pid}` },
    group: { type: 'string', default: '239.255.77.77' },
    port: { type: 'string', default: '7077' },
    interface: { type: 'string', default: '127.0.0.1' },
    seconds: { type: 'string', default: '5' },
  },
});
const reactor = createReactor();
const group = { host: values.group, port: Number(values.port) };

class Beacon extends DatagramProtocol {
  readonly #heard = new Set([values.name]);

  override startProtocol(): void {
    const socket = this.transport;
    socket.setMulticastInterface(values.interface);
    socket.joinGroup(values.group, { interface: values.interface });
    void new LoopingCall(reactor, () => socket.write(values.name, group)).start(200);
  }

  override datagramReceived(data: Buffer): void {
    const name = data.toString();
    if (this.#heard.has(name)) return;
    this.#heard.add(name);
    console.log(`${values.name} hears ${name}`);
  }
}

// Several programs on this host may share the port.
reactor.listenUDP(group.port, new Beacon(), { listenMultiple: true });
reactor.callLater(Number(values.seconds) * 1000, () => reactor.stop());
await reactor.run();
