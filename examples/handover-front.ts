// Accepts connections, answers their lines, and passes open connections to another process on request:
// `node --import tsx examples/handover-front.ts --port 7014 --back /tmp/back.sock`
import { parseArgs } from 'node:util';
import { createReactor, LimitUnsentBytesFactory, Protocol, type SocketTransport } from 'ropewalk';
import { ConnectionSender } from 'ropewalk/handover';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '7014' },
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
    for (let end = this.#nextEnd(); end > 0; end = this.#nextEnd()) {
      const line = this.#received.toString('utf8', 0, end);
      if (line.startsWith('back ') && sender.connected) {
        this.#handOver();
        return;
      }
      this.transport.write(`front ${process.pid}: ${line}`);
      this.#received = this.#received.subarray(end);
    }
    // Do not wait for a line ending forever.
    if (this.#received.length > 1024) this.transport.abortConnection();
  }

  #nextEnd(): number {
    return this.#received.indexOf('\n') + 1;
  }

  /** The other process also receives this line and the bytes after it. */
  #handOver(): void {
    sender.send(this.transport as SocketTransport, this.#received).addErrback((failure) => {
      console.error(failure.value);
      this.transport.loseConnection();
    });
  }
}

// Receive nothing from a peer that does not read its answers.
const factory = new LimitUnsentBytesFactory(Front, { clock: reactor, outcome: 'pause' });
const port = reactor.listenTCP(Number(values.port), factory, { interface: '127.0.0.1' });
console.log(`front ${process.pid} listens on ${port.getHost()}`);
await reactor.run();
