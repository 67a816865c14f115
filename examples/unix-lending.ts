// A server on a UNIX socket checks the user of each client and passes it an open file; a client reads it.
// `node --import tsx examples/unix-lending.ts --path /tmp/lending.sock --file README.md`
import { closeSync, openSync, readSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createReactor, Protocol, type UNIXTransport } from 'ropewalk';

const { values } = parseArgs({
  options: {
    path: { type: 'string', default: '/tmp/lending.sock' },
    file: { type: 'string', default: 'README.md' },
  },
});

class Lender extends Protocol {
  override connectionMade(): void {
    const transport = this.transport as UNIXTransport;
    const peer = transport.getPeerCredentials();
    if (peer === undefined || peer.uid !== process.geteuid?.()) {
      transport.abortConnection();
      return;
    }
    console.log(`${values.file} is lent to process ${peer.pid}`);
    const fd = openSync(values.file, 'r');
    // It was duplicated and goes with the next byte, so this one can be closed.
    transport.sendFileDescriptor(fd);
    closeSync(fd);
    transport.write('.');
  }
}

class Borrower extends Protocol {
  fileDescriptorReceived(fd: number): void {
    const text = Buffer.alloc(80);
    const length = readSync(fd, text, 0, text.length, 0);
    closeSync(fd);
    console.log(`it begins: ${text.toString('utf8', 0, length).split('\n', 1)[0]}`);
    this.transport.loseConnection();
  }

  override connectionLost(): void {
    if (reactor.running) reactor.stop();
  }
}

const reactor = createReactor({ kind: 'native' });
// `wantPID` removes the file of a predecessor that was killed.
const port = reactor.listenUNIX(values.path, Lender, { mode: 0o600, wantPID: true });
console.log(`listening on ${port.getHost()}`);
reactor.connectUNIX(values.path, Borrower);
await reactor.run();
