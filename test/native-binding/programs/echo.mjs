// What loading.test.ts bundles: an echo over the pure-JS reactor, and how many frames a failure's stack keeps.
import { ClientFactory, createReactor, Failure, Protocol } from '../../../src/index.js';

const reactor = createReactor({ kind: 'node' });

class Echo extends Protocol {
  dataReceived(bytes) {
    this.transport.write(bytes);
  }
}

const { stack } = new Failure(new Error('to be looked at'));
const frames = stack.split('\n').filter((line) => line.includes('bundle.')).length;

class Client extends Protocol {
  connectionMade() {
    this.transport.write('there and back');
  }

  dataReceived(bytes) {
    console.log(JSON.stringify({ kind: reactor.kind, message: String(bytes), frames }));
    void reactor[Symbol.asyncDispose]();
  }
}

const listening = reactor.listenTCP(0, Echo, { interface: '127.0.0.1' });
reactor.connectTCP('127.0.0.1', listening.getHost().port, ClientFactory.forProtocol(Client));
