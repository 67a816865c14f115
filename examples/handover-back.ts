// Takes over connections that another process accepted: `node --import tsx examples/handover-back.ts --back /tmp/back.sock`
import { parseArgs } from 'node:util';
import { createReactor, LineOnlyReceiver } from 'ropewalk';
import { ConnectionReceiver } from 'ropewalk/handover';

const { values } = parseArgs({
  options: { back: { type: 'string', default: '/tmp/back.sock' } },
});

class Back extends LineOnlyReceiver {
  override readonly appliesBackpressure = true;

  constructor() {
    super({ ending: 'any' });
  }

  override lineReceived(line: Buffer): void {
    this.sendLine(`back ${process.pid}: ${line}`);
  }
}

const reactor = createReactor({ kind: 'native' });
// Only this user's processes may hand connections over.
const options = { mode: 0o600, wantPID: true };
const port = reactor.listenUNIX(
  values.back,
  () => new ConnectionReceiver(reactor, () => new Back()),
  options,
);
console.log(`back ${process.pid} listens on ${port.getHost()}`);
await reactor.run();
