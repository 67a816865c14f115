// Ropewalk with a whole transport, protocol and factory, on TCP or a UNIX socket. `--reactor native|node`; `--busy-poll-us N`
// is the opt-in busy poll of the native one.

import { createReactor, Factory, Protocol } from '../../../dist/index.js';
import { announce, LineEcho, readArguments } from '../contender.mjs';

const args = readArguments({
  reactor: { type: 'string', default: 'native' },
  'busy-poll-us': { type: 'string', default: '0' },
});

class Echo extends Protocol {
  dataReceived(data) {
    this.transport.write(data);
  }
}

class Lines extends Protocol {
  #lines = new LineEcho();

  dataReceived(data) {
    this.#lines.feed(data, this.transport);
  }
}

const busyPollUs = Number(args['busy-poll-us']);
const reactor = createReactor({ kind: args.reactor, ...(busyPollUs > 0 && { busyPollUs }) });
const factory = Factory.forProtocol(args.mode === 'lines' ? Lines : Echo);
const { path } = args;
const port =
  path === undefined
    ? reactor.listenTCP(args.port, factory, { interface: '127.0.0.1', backlog: 1024 })
    : reactor.listenUNIX(path, factory, { backlog: 1024 });
announce(path ?? port.getHost().port, () => reactor.stop());
await reactor.run();
process.exit(0);
