/** An echo server for descriptors.test.ts, to be run with few descriptors. Says what its reactor reports. */
import { openSync } from 'node:fs';
import { Protocol } from '../../../src/index.js';
import { reactorMaker } from '../../support/reactors.js';

let reports = 0;
const reactor = reactorMaker(process.argv[2]).make({
  reportError: (error) => {
    reports += 1;
    const { code, cause } = error as { code?: string; cause?: { code?: string } };
    process.stdout.write(`report ${reports}: ${code} ${cause?.code}\n`);
  },
});

let open = 0;
class Echo extends Protocol {
  override connectionMade(): void {
    open += 1;
  }
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
  override connectionLost(): void {
    open -= 1;
    if (open === 1) process.stdout.write('one left\n');
  }
}

// What Node opens lazily has to be open before the descriptors are gone.
openSync('/dev/null', 'r');
const path = process.argv[3];
const listening =
  path === undefined
    ? reactor.listenTCP(0, Echo, { interface: '127.0.0.1' })
    : reactor.listenUNIX(path, Echo);
process.stdout.write(`listening on ${listening.getHost()}\n`);
