/** What reactors have open, and what of it counts. */
import { channel } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it } from 'vitest';
import { createReactor, Protocol, type Reactor } from '../../src/index.js';
import { leaveReactorAlone, ReactorWatch } from '../../src/testing/reactor-watch.js';
import { Simulation } from '../../src/testing/simulation/simulation.js';
import { REACTORS } from '../support/reactors.js';

const toDispose: (Disposable | AsyncDisposable)[] = [];

function use<T extends Disposable | AsyncDisposable>(thing: T): T {
  toDispose.push(thing);
  return thing;
}

afterEach(async () => {
  for (const thing of toDispose.splice(0).reverse()) {
    if (Symbol.asyncDispose in thing) await thing[Symbol.asyncDispose]();
    else thing[Symbol.dispose]();
  }
});

function openLines(watch: ReactorWatch): string[] {
  return watch.leaks().flatMap(({ open }) => open);
}

function listen(reactor: Reactor): number {
  return reactor.listenTCP(0, Protocol, { interface: '127.0.0.1' }).getHost().port;
}

describe.each(REACTORS)('a watch over reactors ($name)', ({ make }) => {
  it('tells what was opened since the mark, reactor by reactor', async () => {
    const watch = use(new ReactorWatch());
    const [one, other] = [use(make()), use(make())];
    const [before, after] = [listen(one), one.callLater(50, () => {})];
    watch.mark();
    expect(watch.leaks()).toEqual([]);
    const port = listen(other);
    one.callLater(0, () => {});
    after.cancel();
    expect(watch.leaks()).toEqual([
      { reactor: one, open: ['a delayed call is due now'] },
      { reactor: other, open: [`a port listens on 127.0.0.1:${port}`] },
    ]);
    watch.forgetMark();
    expect(openLines(watch)).toContain(`a port listens on 127.0.0.1:${before}`);
  });

  it('finds nothing open in a reactor that was disposed of', async () => {
    const watch = use(new ReactorWatch());
    const reactor = use(make());
    listen(reactor);
    reactor.callLater(60_000, () => {});
    reactor.connectTCP('127.0.0.1', 9, Protocol);
    expect(openLines(watch)).toHaveLength(3 + 1); // The attempt has a delayed call for its time limit.
    await reactor[Symbol.asyncDispose]();
    expect(watch.leaks()).toEqual([]);
  });
});

describe('a watch over reactors', () => {
  it('knows no reactor made before it, nor after it was disposed of', () => {
    const early = use(createReactor({ kind: 'node' }));
    const watch = new ReactorWatch();
    const made = use(createReactor({ kind: 'node' }));
    for (const reactor of [early, made]) listen(reactor);
    expect(watch.leaks().map(({ reactor }) => reactor)).toEqual([made]);
    watch[Symbol.dispose]();
    listen(use(createReactor({ kind: 'node' })));
    expect(watch.leaks()).toEqual([]);
  });

  it('ignores excluded reactors, and simulated ones', () => {
    const watch = use(new ReactorWatch());
    const reactor = use(createReactor({ kind: 'node' }));
    listen(reactor);
    new Simulation().host('10.0.0.1').callLater(5, () => {});
    expect(watch.leaks()).toHaveLength(1);
    leaveReactorAlone(reactor);
    expect(watch.leaks()).toEqual([]);
  });

  it('reports descriptors too, and a reactor once, however often it was published', () => {
    const watch = use(new ReactorWatch());
    const reader = { fileno: () => 7, doRead: () => {}, connectionLost: () => {} };
    const writer = { fileno: () => 8, doWrite: () => {}, connectionLost: () => {} };
    const reactor = {
      ...{ kind: 'native', poller: 'epoll', running: false, ports: [], connectors: [] },
      transports: () => [],
      getDelayedCalls: () => [],
      getReaders: () => [reader],
      getWriters: () => [writer],
      now: () => 0,
    };
    for (let i = 0; i < 2; i++) channel('ropewalk.reactor').publish({ reactor });
    expect(openLines(watch)).toEqual([
      'descriptor 7 is being read',
      'descriptor 8 is being written',
    ]);
    leaveReactorAlone(reactor as unknown as Reactor);
  });
});
