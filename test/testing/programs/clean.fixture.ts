/** Tests that put away what they use, or expect it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deferred } from '../../../src/defer/deferred.js';
import { createReactor, type ListeningPort, Protocol, type Reactor } from '../../../src/index.js';
import { reportError } from '../../../src/internal/error-report.js';
import { flushLoggedErrors } from '../../../src/testing/logged-errors.js';
import { leaveReactorAlone } from '../../../src/testing/reactor-watch.js';

describe('a test is clean that', () => {
  it('handles its failures', async () => {
    const deferred = new Deferred<void>();
    deferred.errback(new RangeError('expected'));
    await expect(Promise.resolve(deferred)).rejects.toThrow(RangeError);
  });

  it('flushes the errors it expects', () => {
    reportError(new TypeError('expected'), 'dataReceived');
    expect(flushLoggedErrors(TypeError)).toHaveLength(1);
  });

  it('disposes of its reactor', async () => {
    const reactor = createReactor({ kind: 'node' });
    reactor.listenTCP(0, Protocol, { interface: '127.0.0.1' });
    reactor.callLater(60_000, () => {});
    await reactor[Symbol.asyncDispose]();
  });

  it('leaves a call that is due at once', () => {
    createReactor({ kind: 'node' }).callLater(0, () => {});
  });

  it('leaves fake timers on', () => {
    vi.useFakeTimers();
    createReactor({ kind: 'node' })
      .callLater(0, () => {})
      .cancel();
  });

  it('leaves a reactor open that is to be left alone', () => {
    vi.useRealTimers();
    const reactor = createReactor({ kind: 'node' });
    leaveReactorAlone(reactor);
    reactor.callLater(10, () => {});
  });
});

describe('a reactor that outlives tests', () => {
  let reactor: Reactor;
  let ofTest: ListeningPort;

  beforeAll(() => {
    reactor = createReactor({ kind: 'node' });
    reactor.listenTCP(0, Protocol, { interface: '127.0.0.1' });
    reactor.callLater(60_000, () => {});
  });

  beforeEach(() => {
    ofTest = reactor.listenTCP(0, Protocol, { interface: '127.0.0.1' });
  });

  afterEach(() => ofTest.stopListening());

  afterAll(() => reactor[Symbol.asyncDispose]());

  it.each([1, 2])('is no test’s fault: %i', () => {
    expect(ofTest.listening).toBe(true);
  });
});
