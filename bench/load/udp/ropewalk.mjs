// Ropewalk's UDP port with a datagram protocol. `--reactor native|node`; `--offload` has the native
// one take joined datagrams too (it splits what is sent anyway); `--lent` takes lent bytes.

import { createReactor, DatagramProtocol } from '../../../dist/index.js';
import { announce, DATAGRAM_BUFFER_BYTES, datagramService, readArguments } from '../contender.mjs';

const args = readArguments({
  reactor: { type: 'string', default: 'native' },
  lent: { type: 'boolean', default: false },
  offload: { type: 'boolean', default: false },
});

class Service extends DatagramProtocol {
  acceptsLentBytes = args.lent;
  #serve = datagramService(args.mode, (data, from) => this.transport.write(data, from));

  datagramReceived(data, from) {
    this.#serve(data, from);
  }
}

const reactor = createReactor({ kind: args.reactor });
const port = reactor.listenUDP(args.port, new Service(), {
  interface: '127.0.0.1',
  receiveBufferBytes: DATAGRAM_BUFFER_BYTES,
  sendBufferBytes: DATAGRAM_BUFFER_BYTES,
  ...(args.offload && { receiveOffload: true }),
});
announce(port.getHost().port, () => reactor.stop());
await reactor.run();
process.exit(0);
