/** The loop is never blocked: turns stay short while threads compute. */
import { describe, expect, it } from 'vitest';
import { Protocol } from '../../src/index.js';
import { deferToThread } from '../../src/threads/index.js';
import { PATIENCE, within } from '../support/deadline.js';
import { RawPeer } from '../support/raw-peer.js';
import { ONE_POLLER } from '../support/reactors.js';
import { THREAD_FLAGS } from '../support/thread-flags.js';

const MAX_TURN_MS = 5 * PATIENCE;
const MESSAGES = 2_000;
/** Computes for so many milliseconds. */
const COMPUTATION = new URL(
  `data:text/javascript,${encodeURIComponent(
    'export const f = (ms) => { const end = performance.now() + ms; while (performance.now() < end); return ms; }',
  )}`,
);

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

describe.each(ONE_POLLER)('while threads compute ($name)', ({ make }) => {
  it('messages are echoed in short turns', async () => {
    const threadPool = { maximum: 2, execArgv: THREAD_FLAGS };
    await using reactor = make({ measureTurns: true, threadPool });
    const port = reactor.listenTCP(0, Echo, { interface: '127.0.0.1' }).getHost().port;
    await using peer = await RawPeer.connect(port);
    await deferToThread(reactor, COMPUTATION, 'f', [0]);
    reactor.statistics(); // begins anew
    const computations = [1, 2].map(() => deferToThread(reactor, COMPUTATION, 'f', [2_000]));
    for (let message = 1; message <= MESSAGES; message++) {
      peer.write('message');
      await peer.receive(message * 7);
    }
    const { turnMsP99 } = reactor.statistics();
    expect(turnMsP99).toBeLessThan(MAX_TURN_MS);
    expect(turnMsP99).toBeGreaterThan(0);
    await within(Promise.all(computations), 'the computations', 10_000);
  });
});
