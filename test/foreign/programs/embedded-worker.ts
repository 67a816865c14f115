/** A worker whose thread another loop owns, with a reactor of its own. It posts its port once the loop owns the thread. */
import { parentPort, workerData } from 'node:worker_threads';
import koffi from 'koffi';
import { embedInGLib } from '../../../src/foreign/embed-in-glib.js';
import { embedReactor } from '../../../src/foreign/embedded-reactor.js';
import { nativeFunction } from '../../../src/foreign/native-function.js';
import { createReactor } from '../../../src/index.js';
import { semaphore, waitFor } from '../thread-owners.js';

const { loop, kind } = workerData as { loop: string; kind: 'native' | 'node' };
const reactor = createReactor({ kind });
const embedded = embedReactor(reactor);
const port = reactor.listenTCP(0, () => ({
  dataReceived: (data: Buffer, transport: { write(data: Buffer): void }) => transport.write(data),
}));
setTimeout(() => parentPort?.postMessage(port.getHost().port), 1);

if (loop === 'glib') {
  const newContext = koffi.load('libglib-2.0.so.0').func('void *g_main_context_new()');
  const glib = embedInGLib(embedded, { context: koffi.address(newContext()) as bigint });
  await glib.run();
} else if (loop === 'poll') {
  await embedded.block(() => {
    for (;;) {
      waitFor(embedded);
      embedded.turn();
    }
  });
} else {
  // A loop of C, which only its `quit` can end.
  const due = semaphore();
  embedded.interleave(nativeFunction('', 'sem_post', due.address));
  const over = semaphore();
  let ended = false;
  await embedded.block(
    () => {
      while (!ended) {
        due.wait();
        try {
          embedded.turn();
        } catch {
          over.wait();
          ended = true;
        }
      }
    },
    { quit: nativeFunction('', 'sem_post', over.address) },
  );
}
