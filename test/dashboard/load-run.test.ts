/** The comparison of the reactors, with its processes. */
import { afterEach, describe, expect, it } from 'vitest';
import { LoadRun, type LoadState } from '../../src/dashboard/load-run.js';
import { createReactor, type Reactor } from '../../src/index.js';
import { DEADLINE_MS, within } from '../support/deadline.js';
import { REACTORS } from '../support/reactors.js';

const OPTIONS = { roundMs: 50, connections: 5, messageBytes: 64 };
const HAS_NATIVE = REACTORS.some(({ native }) => native);

let reactor: Reactor | undefined;

afterEach(() => reactor?.[Symbol.asyncDispose]());

function load(changed: (state: LoadState) => void): LoadRun {
  reactor = createReactor({ kind: 'node' });
  return new LoadRun(reactor, OPTIONS, changed);
}

describe('LoadRun', () => {
  it(
    'measures both reactors',
    async () => {
      const states: LoadState[] = [];
      const run = load((state) => states.push(state));
      await within(run.run(), 'the end of the run', 4 * DEADLINE_MS);
      expect(run.state).toMatchObject({ state: 'done', kind: null, progress: 1, connections: 5 });
      for (const kind of HAS_NATIVE ? (['native', 'node'] as const) : (['node'] as const)) {
        const result = run.state.results[kind];
        expect([kind, run.state.failures[kind]]).toEqual([kind, undefined]);
        expect(result?.messages).toBeGreaterThan(0);
        expect(result?.rssBytes).toBeGreaterThan(1_000_000);
        expect(run.state.points[kind].length).toBeGreaterThan(0);
      }
      const progress = states.map((state) => state.progress);
      expect(progress).toEqual([...progress].sort((a, b) => a - b));
    },
    5 * DEADLINE_MS,
  );

  it('ends at once when it is cancelled', async () => {
    const run = load(({ kind }) => {
      if (kind !== null) queueMicrotask(() => run.cancel());
    });
    await within(run.run(), 'the end of the run');
    expect(run.state).toMatchObject({ state: 'cancelled', kind: null, results: {}, failures: {} });
    expect(reactor?.totals().delayedCalls).toBe(0);
  });

  it('ends when the reactor stops', async () => {
    const run = load(() => {});
    const stopped = reactor?.run({ installSignalHandlers: false });
    const ended = run.run();
    reactor?.stop();
    await stopped;
    await within(ended, 'the end of the run');
    expect(run.state.state).toBe('cancelled');
  });
});
