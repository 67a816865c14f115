// The floor of Node's TLS engine on the native reactor: a TLSSocket over the cheapest stream that it accepts, on a transport.
import { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import { createReactor, Factory, Protocol } from '../../../dist/index.js';
import { announce, readArguments } from '../contender.mjs';
import { cert, key } from './identity.mjs';

const { port } = readArguments();
const secureContext = createSecureContext({ cert, key });

class Wire extends Duplex {
  #transport;

  constructor(transport) {
    super();
    this.#transport = transport;
  }

  resume() {
    return this;
  }

  cork() {}

  uncork() {}

  write(bytes, done) {
    this.#transport.write(bytes);
    done();
    return true;
  }

  _read() {}
}

class Echo extends Protocol {
  acceptsLentBytes = true;
  #wire;
  #socket;

  connectionMade() {
    this.#wire = new Wire(this.transport);
    const socket = new TLSSocket(this.#wire, { isServer: true, secureContext });
    this.#socket = socket.resume();
    socket.on('error', () => this.transport.abortConnection());
    socket.push = (bytes) => {
      if (bytes === null) this.transport.loseConnection();
      else socket.write(bytes);
      return true;
    };
  }

  dataReceived(bytes) {
    this.#wire.emit('data', bytes);
  }

  connectionLost() {
    this.#socket.destroy();
  }
}

const reactor = createReactor({ kind: 'native' });
const tcp = { interface: '127.0.0.1', backlog: 1024 };
const listening = reactor.listenTCP(port, Factory.forProtocol(Echo), tcp);
announce(listening.getHost().port, () => reactor.stop());
await reactor.run();
process.exit(0);
