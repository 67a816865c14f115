/**
 * A worker with a reactor of its own: answers every message of a peer with its mark. Posts its port, then does what
 * the parent says: `count`, `dispose`, `exit`.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Protocol } from '../../../src/index.js';
import { reactorMaker } from '../../support/reactors.js';

interface Task {
  readonly reactor: string;
  readonly mark: string;
  readonly port?: number;
  readonly reusePort?: boolean;
}

const { reactor: name, mark, port = 0, reusePort = false } = workerData as Task;
const reactor = reactorMaker(name).make();
let connections = 0;

class Marker extends Protocol {
  override connectionMade(): void {
    connections += 1;
  }
  override dataReceived(data: Buffer): void {
    this.transport.write(mark.repeat(data.length));
  }
}

const listening = reactor.listenTCP(port, Marker, { interface: '127.0.0.1', reusePort });
parentPort?.postMessage(listening.getHost().port);
parentPort?.on('message', async (command: string) => {
  if (command === 'count') parentPort?.postMessage(connections);
  if (command === 'exit') process.exit(3);
  if (command === 'dispose') {
    await reactor[Symbol.asyncDispose]();
    parentPort?.postMessage('disposed');
    parentPort?.close();
  }
});
