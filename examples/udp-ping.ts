// Sends datagrams to an echo server and times the answers: `node --import tsx examples/udp-ping.ts --port 7015`.
import { parseArgs } from 'node:util';
import { createReactor, DatagramProtocol, LoopingCall } from 'ropewalk';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '7015' },
    count: { type: 'string', default: '3' },
  },
});
const reactor = createReactor();

class Ping extends DatagramProtocol {
  #answers = 0;
  readonly #sentAt: number[] = [];

  override startProtocol(): void {
    // From now on only this server's datagrams are received, and connectionRefused reports its absence.
    this.transport.connect('127.0.0.1', Number(values.port));
    void new LoopingCall(reactor, () => this.#send()).start(100);
  }

  override datagramReceived(data: Buffer): void {
    const number = Number(data.toString());
    const sentAt = this.#sentAt[number];
    if (sentAt === undefined) return;
    console.log(`${number}: back after ${(reactor.now() - sentAt).toFixed(3)} ms`);
    this.#answers += 1;
    if (this.#answers === Number(values.count)) this.#end();
  }

  override connectionRefused(): void {
    console.log('nobody listens there');
    this.#end();
  }

  #send(): void {
    this.transport.write(String(this.#sentAt.length));
    this.#sentAt.push(reactor.now());
  }

  #end(): void {
    if (reactor.running) reactor.stop();
  }
}

reactor.listenUDP(0, new Ping(), { interface: '127.0.0.1' });
await reactor.run();
