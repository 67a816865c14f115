/** The contract of the thread pool over each reactor, and the time limit of its end. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { createReactor, UnsupportedError } from '../../src/index.js';
import { inRealTime } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { threadPoolContract } from '../../src/testing/contracts/reactor/thread-pool-contract.js';
import { MemoryReactor, Simulation } from '../../src/testing/index.js';
import { deferToThread } from '../../src/threads/index.js';
import { DEADLINE_MS } from '../support/deadline.js';
import { ONE_POLLER } from '../support/reactors.js';
import { THREAD_FLAGS } from '../support/thread-flags.js';

const threadPool = { execArgv: THREAD_FLAGS };

describe.each(ONE_POLLER)('the thread pool of a reactor ($name)', ({ make }) => {
  for (const { name, run } of threadPoolContract(
    inRealTime(() => make({ threadPool }), { deadlineMs: DEADLINE_MS }),
  ))
    it(name, run);
});

describe('the thread pool of a reactor', () => {
  it('is terminated if its calls have not ended after shutdownTimeoutMs', async () => {
    const reactor = createReactor({ kind: 'node', threadPool, shutdownTimeoutMs: 1 });
    onTestFinished(() => reactor[Symbol.asyncDispose]());
    const endless = new URL('data:text/javascript,export const f = () => { for (;;); }');
    const failed = deferToThread(reactor, endless, 'f', []).toPromise();
    const outcome = expect(failed).rejects.toMatchObject({ code: 'ERR_THREAD_EXITED' });
    reactor.callWhenRunning(() => reactor.stop());
    await reactor.run({ installSignalHandlers: false });
    await outcome;
  });

  it.each([
    ['memory', () => new MemoryReactor()],
    ['simulated', () => new Simulation().host('a')],
  ])('is refused by a %s reactor', (_name, make) => {
    expect(() => make().getThreadPool()).toThrow(UnsupportedError);
    expect(() => make().suggestThreadPoolSize(1)).toThrow(UnsupportedError);
  });
});
