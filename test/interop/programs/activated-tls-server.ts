/** A TLS echo server on a socket of systemd's. Arguments: an endpoint string, a file with a certificate and its key. */
import { createReactor, Protocol, serverFromString, wrapServerTLS } from '../../../src/index.js';

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

const [text = '', file = ''] = process.argv.slice(2);
const reactor = createReactor();
const identity = { certificateFile: file, keyFile: file };
const port = await wrapServerTLS({ identity }, serverFromString(reactor, text)).listen(Echo);
console.log(`listening on ${port.getHost()}`);
await reactor.run();
