// Ropewalk with a whole transport, protocol and factory, on TCP or a UNIX socket. `--reactor native|node`; `--lent` takes
// lent bytes; `--busy-poll-us N` is the opt-in busy poll of the native reactor; `--metrics` measures turns, counts connections, and
// makes the text of Prometheus every second; `--metrics-off` only loads the module, and counts nothing.

import { createReactor, Factory, LineReceiver, Protocol } from '../../../dist/index.js';
import { announce, LineEcho, readArguments } from '../contender.mjs';

const args = readArguments({
  reactor: { type: 'string', default: 'native' },
  lent: { type: 'boolean', default: false },
  'busy-poll-us': { type: 'string', default: '0' },
  metrics: { type: 'boolean', default: false },
  'metrics-off': { type: 'boolean', default: false },
});
const { lent } = args;

class Echo extends Protocol {
  acceptsLentBytes = lent;

  dataReceived(data) {
    this.transport.write(data);
  }
}

class Lines extends Protocol {
  acceptsLentBytes = lent;
  #lines = new LineEcho();

  dataReceived(data) {
    this.#lines.feed(data, this.transport);
  }
}

/** A line server that reads no faster than its answers are taken. The transport always lends it bytes. */
class ShortLines extends LineReceiver {
  acceptsLentFrames = lent;

  connectionMade() {
    this.transport.registerProducer(this.transport, true);
  }

  lineReceived(line) {
    this.sendLine(line);
  }
}

const protocols = { lines: Lines, 'short-lines': ShortLines };
const busyPollUs = Number(args['busy-poll-us']);
const reactor = createReactor({
  kind: args.reactor,
  measureTurns: args.metrics,
  ...(busyPollUs > 0 && { busyPollUs }),
});
const factory = await metered(Factory.forProtocol(protocols[args.mode] ?? Echo));
const { path } = args;
const port =
  path === undefined
    ? reactor.listenTCP(args.port, factory, { interface: '127.0.0.1', backlog: 1024 })
    : reactor.listenUNIX(path, factory, { backlog: 1024 });

async function metered(factory) {
  if (args['metrics-off']) {
    const { addConnections, MetricsRegistry } = await import('../../../dist/metrics/index.js');
    addConnections(new MetricsRegistry());
  }
  if (!args.metrics) return factory;
  const { addConnections, addReactor, MetricsRegistry, meterListener, prometheusText } =
    await import('../../../dist/metrics/index.js');
  const metrics = new MetricsRegistry();
  addReactor(metrics, reactor);
  addConnections(metrics);
  setInterval(() => prometheusText(metrics), 1000).unref();
  return meterListener(metrics, 'bench', factory);
}

announce(path ?? port.getHost().port, () => reactor.stop());
await reactor.run();
process.exit(0);
