/** Computations in threads do not keep the reactor from its connections. */
import { describe, expect, it } from 'vitest';
import { Protocol } from '../../src/index.js';
import { deferToThread } from '../../src/threads/index.js';
import { within } from '../support/deadline.js';
import { RawPeer } from '../support/raw-peer.js';
import { ONE_POLLER } from '../support/reactors.js';
import { THREAD_FLAGS } from '../support/thread-flags.js';

const MESSAGES = 200;
/** Says that it has begun, and computes until it is told to end. */
const COMPUTATION = new URL(
  `data:text/javascript,${encodeURIComponent(
    'export const f = (cells) => { Atomics.add(cells, 0, 1); while (Atomics.load(cells, 1) === 0); return cells[0]; }',
  )}`,
);

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

describe.each(ONE_POLLER)('while threads compute ($name)', ({ make }) => {
  it('messages are echoed', async () => {
    const threadPool = { maximum: 2, execArgv: THREAD_FLAGS };
    await using reactor = make({ threadPool });
    const port = reactor.listenTCP(0, Echo, { interface: '127.0.0.1' }).getHost().port;
    await using peer = await RawPeer.connect(port);
    const cells = new Int32Array(new SharedArrayBuffer(8));
    const computations = [1, 2].map(() => deferToThread(reactor, COMPUTATION, 'f', [cells]));
    await expect.poll(() => Atomics.load(cells, 0), { timeout: 10_000 }).toBe(2);
    for (let message = 1; message <= MESSAGES; message++) {
      peer.write('message');
      await peer.receive(message * 7);
    }
    Atomics.store(cells, 1, 1);
    const results = await within(Promise.all(computations), 'the computations', 10_000);
    expect(results).toEqual([2, 2]);
  });
});
