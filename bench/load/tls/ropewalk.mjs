// Ropewalk's TLS with a whole transport, protocol and factory. `--reactor native|node`; `--engine native|node`; `--lent` takes
// lent bytes.
import { createReactor, Factory, Protocol } from '../../../dist/index.js';
import { listenTLS } from '../../../dist/tls/index.js';
import { announce, readArguments } from '../contender.mjs';
import { cert, key } from './identity.mjs';

const args = readArguments({
  reactor: { type: 'string', default: 'native' },
  engine: { type: 'string', default: 'auto' },
  lent: { type: 'boolean', default: false },
});
const { lent } = args;

class Echo extends Protocol {
  acceptsLentBytes = lent;

  dataReceived(data) {
    this.transport.write(data);
  }
}

const reactor = createReactor({ kind: args.reactor });
const tls = { identity: { certificate: cert, key }, engine: args.engine };
const tcp = { interface: '127.0.0.1', backlog: 1024 };
const port = listenTLS(reactor, args.port, Factory.forProtocol(Echo), tls, tcp);
announce(port.getHost().port, () => reactor.stop());
await reactor.run();
process.exit(0);
