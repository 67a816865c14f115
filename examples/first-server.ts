// Sends back what it receives, on port 7006 or on the port given.
import { createReactor, Protocol } from 'ropewalk';

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

const reactor = createReactor();
const options = { interface: '127.0.0.1' };
const listening = reactor.listenTCP(Number(process.argv[2] ?? 7006), Echo, options);
console.log(`listening on port ${listening.getHost().port}`);
await reactor.run(); // until Ctrl-C
