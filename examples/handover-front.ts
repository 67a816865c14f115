// Accepts connections, reads their first line, and hands those that ask for it to another process, still open:
// `node --import tsx examples/handover-front.ts --port 7007 --back /tmp/back.sock`
import { parseArgs } from 'node:util';
import { createReactor, Protocol, type SocketTransport } from 'ropewalk';
import { ConnectionSender } from 'ropewalk/handover';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '7007' },
    back: { type: 'string', default: '/tmp/back.sock' },
  },
});

const reactor = createReactor({ kind: 'native' });
const sender = new ConnectionSender();
reactor.connectUNIX(values.back, () => sender);

class Front extends Protocol {
  #received: Buffer = Buffer.alloc(0);

  override dataReceived(data: Buffer): void {
    this.#received = Buffer.concat([this.#received, data]);
    if (!this.#received.includes('\n')) return;
    if (this.#received.toString().startsWith('back ')) {
      // The other process shall see the line too.
      sender.send(this.transport as SocketTransport, this.#received).addErrback((failure) => {
        console.error(failure.value);
        this.transport.loseConnection();
      });
    } else {
      this.transport.write(`front ${process.pid}: ${this.#received}`);
      this.#received = Buffer.alloc(0);
    }
  }
}

const port = reactor.listenTCP(Number(values.port), Front, { interface: '127.0.0.1' });
console.log(`front ${process.pid} listens on ${port.getHost()}`);
await reactor.run();
