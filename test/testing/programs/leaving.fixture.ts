/** Tests that pass, each of which leaves something behind. */
import { afterAll, describe, it } from 'vitest';
import { Deferred } from '../../../src/defer/deferred.js';
import { createReactor, Protocol, type Reactor } from '../../../src/index.js';
import { reportError } from '../../../src/internal/error-report.js';
import { Blackhole } from '../../support/sockets.js';

const opened: AsyncDisposable[] = [];

function reactor(): Reactor {
  const fresh = createReactor({ kind: 'node' });
  opened.push(fresh);
  return fresh;
}

afterAll(async () => {
  for (const one of opened.reverse()) await one[Symbol.asyncDispose]();
});

describe('a test that leaves', () => {
  it('a failure', () => {
    new Deferred<void>().errback(new RangeError('nobody waits'));
  });

  it('a logged error', () => {
    reportError(new TypeError('nobody flushed'), 'dataReceived');
  });

  it('a listening port', () => {
    reactor().listenTCP(0, Protocol, { interface: '127.0.0.1' });
  });

  it('a delayed call', () => {
    reactor().callLater(60_000, () => {});
  });

  it('a connecting connector', async () => {
    const blackhole = await Blackhole.open();
    opened.push(blackhole);
    reactor().connectTCP('127.0.0.1', blackhole.port, Protocol, { timeoutMs: 0 });
  });

  it('a connection', async () => {
    const one = reactor();
    const listening = one.listenTCP(0, Protocol, { interface: '127.0.0.1' });
    await new Promise<void>((resolve) => {
      one.connectTCP('127.0.0.1', listening.getHost().port, () => ({
        connectionMade: () => resolve(),
      }));
    });
    await listening.stopListening();
  });

  it('a running reactor', async () => {
    const one = reactor();
    void one.run({ installSignalHandlers: false });
    await new Promise<void>((resolve) => one.callWhenRunning(resolve));
  });

  it('nothing', () => {});
});
