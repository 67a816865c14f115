// The proxy of examples/proxy.ts, with backpressure and half-close. `--reactor native|node`; `--lent` takes lent
// bytes.

import { ClientFactory, ConnectionDone, createReactor, Protocol } from '../../../dist/index.js';
import { announce, readArguments, targetOf } from '../contender.mjs';

const args = readArguments({
  reactor: { type: 'string', default: 'native' },
  lent: { type: 'boolean', default: false },
});
const { lent } = args;
const { host, port: targetPort } = targetOf(args);

/** One side of a proxied connection: sends what the other side receives. */
class Side extends Protocol {
  acceptsLentBytes = lent;
  other;
  ended = false;

  connectionMade() {
    const { other, transport } = this;
    transport.pauseProducing();
    if (other === undefined) return;
    other.other = this;
    other.transport.registerProducer(transport, true);
    transport.registerProducer(other.transport, true);
    transport.resumeProducing();
    other.transport.resumeProducing();
  }

  dataReceived(data) {
    this.other?.transport.write(data);
  }

  readConnectionLost() {
    this.ended = true;
    this.other?.transport.unregisterProducer();
    if (this.other?.ended) this.other.transport.loseConnection();
    else this.other?.transport.loseWriteConnection();
  }

  connectionLost(reason) {
    this.other?.transport.unregisterProducer();
    if (reason instanceof ConnectionDone) this.other?.transport.loseConnection();
    else this.other?.transport.abortConnection();
  }
}

const reactor = createReactor({ kind: args.reactor });

function inbound() {
  const [side, outbound] = [new Side(), new Side()];
  outbound.other = side;
  const factory = new ClientFactory();
  factory.buildProtocol = () => outbound;
  factory.clientConnectionFailed = () => side.transport.abortConnection();
  reactor.connectTCP(host, targetPort, factory);
  return side;
}

const listening = reactor.listenTCP(args.port, inbound, { interface: '127.0.0.1', backlog: 1024 });
announce(listening.getHost().port, () => reactor.stop());
await reactor.run();
process.exit(0);
