// Makes a reactor out of the built package, echoes through it, and prints what it was as one line
// of JSON. Arguments: the kind of reactor, and `worker` to do it in a thread.

import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { ClientFactory, createReactor, Factory, Protocol } from '../../../dist/index.js';

const MESSAGE = 'x'.repeat(300_000);
const [kind = 'auto', where] = isMainThread ? process.argv.slice(2) : workerData;

if (where === 'worker' && isMainThread) {
  new Worker(fileURLToPath(import.meta.url), { workerData: [kind] });
} else {
  console.log(JSON.stringify(await outcome()));
}

async function outcome() {
  try {
    const reactor = createReactor({ kind });
    createReactor({ kind })[Symbol.asyncDispose](); // a second warning would show
    await echo(reactor);
    return { kind: reactor.kind, poller: reactor.poller };
  } catch (error) {
    const { code, message, advice } = error;
    const attempts = error.attempts?.map((one) => [one.file, one.error.code ?? one.error.message]);
    return { code, message, advice, attempts };
  }
}

async function echo(reactor) {
  class Echo extends Protocol {
    dataReceived(bytes) {
      this.transport.write(bytes);
    }
  }
  let received = '';
  class Client extends Protocol {
    connectionMade() {
      this.transport.write(MESSAGE);
    }
    dataReceived(bytes) {
      received += bytes.toString();
      if (received.length >= MESSAGE.length) reactor.stop();
    }
  }
  const port = reactor.listenTCP(0, Factory.forProtocol(Echo), { interface: '127.0.0.1' });
  reactor.connectTCP('127.0.0.1', port.getHost().port, ClientFactory.forProtocol(Client));
  await reactor.run({ installSignalHandlers: false });
  if (received !== MESSAGE) throw new Error('the echo is not what was sent');
}
