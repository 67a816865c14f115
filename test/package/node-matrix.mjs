// For any Node that may have to load the addon: makes a native reactor of the built package,
// and sends some bytes around through it. Exits with 0 when they came back.

import assert from 'node:assert/strict';
import process from 'node:process';
import { ClientFactory, createReactor, Factory, Protocol } from '../../dist/index.js';

const MESSAGE = 'x'.repeat(200_000);
const reactor = createReactor({ kind: 'native' });

class Echo extends Protocol {
  dataReceived(data) {
    this.transport.write(data);
  }
}

class Client extends Protocol {
  #received = '';

  connectionMade() {
    this.transport.write(MESSAGE);
  }

  dataReceived(data) {
    this.#received += data.toString();
    if (this.#received.length >= MESSAGE.length) this.transport.loseConnection();
  }

  connectionLost() {
    assert.equal(this.#received, MESSAGE);
    reactor.stop();
  }
}

class Clients extends ClientFactory {
  buildProtocol() {
    return new Client();
  }

  clientConnectionFailed(_connector, reason) {
    throw reason;
  }
}

setTimeout(() => {
  console.error('no echo within 20 s');
  process.exit(1);
}, 20_000).unref();

const port = reactor.listenTCP(0, Factory.forProtocol(Echo), { interface: '127.0.0.1' });
reactor.connectTCP('127.0.0.1', port.getHost().port, new Clients());
await reactor.run();
console.log(`ok: Node ${process.version}, ${reactor.kind} reactor on ${reactor.poller}`);
