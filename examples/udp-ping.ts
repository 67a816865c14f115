// Sends datagrams to an echo server and times what comes back: `node --import tsx examples/udp-ping.ts --port 7007`.
import { parseArgs } from 'node:util';
import { createReactor, DatagramProtocol, LoopingCall, type Reactor } from 'ropewalk';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '7007' },
    count: { type: 'string', default: '3' },
    reactor: { type: 'string' },
  },
});
const reactor = createReactor({ kind: values.reactor as Reactor['kind'] });

class Ping extends DatagramProtocol {
  #sent = 0;
  #answers = 0;
  readonly #sending = new LoopingCall(reactor, () => this.#send());

  override startProtocol(): void {
    // Only this server's datagrams are received from now on, and its absence is told.
    this.transport.connect('127.0.0.1', Number(values.port));
    void this.#sending.start(100);
  }

  override datagramReceived(data: Buffer): void {
    const { number, at } = JSON.parse(data.toString());
    console.log(`${number}: back after ${(reactor.now() - at).toFixed(3)} ms`);
    this.#answers += 1;
    if (this.#answers === Number(values.count)) this.#end();
  }

  override connectionRefused(): void {
    console.log('nobody listens there');
    this.#end();
  }

  #send(): void {
    this.#sent += 1;
    this.transport.write(JSON.stringify({ number: this.#sent, at: reactor.now() }));
  }

  #end(): void {
    if (this.#sending.running) this.#sending.stop();
    void this.transport.stopListening();
  }
}

reactor.listenUDP(0, new Ping(), { interface: '127.0.0.1' });
