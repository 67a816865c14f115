// Step 1: a finger server that knows nobody: `node --import tsx examples/finger-nobody.ts`, then `nc 127.0.0.1 7063`.
import { createReactor, LineOnlyReceiver } from 'ropewalk';

class Finger extends LineOnlyReceiver {
  override lineReceived(user: Buffer): void {
    this.sendLine(`finger: ${user}: no such user`);
    this.transport.loseConnection();
  }
}

const port = process.argv[2] ?? '7063';
const reactor = createReactor();
const factory = (): Finger => new Finger({ maxLength: 512 });
const listening = reactor.listenTCP(Number(port), factory, { interface: '127.0.0.1' });
console.log(`finger server listening on port ${listening.getHost().port}`);
await reactor.run();
