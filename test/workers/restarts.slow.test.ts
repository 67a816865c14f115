/** Workers that are started again and again leave neither descriptors nor threads behind. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { flushLoggedErrors } from '../../src/testing/index.js';
import { WorkerExitedError } from '../../src/workers/index.js';
import { PATIENCE } from '../support/deadline.js';
import { RunningGroup } from './running-group.js';

describe.skipIf(process.platform !== 'linux')('workers', () => {
  it.each(['processes', 'threads'] as const)(
    'that are %s leave nothing behind over 20 restarts',
    async (kind) => {
      await using running = await RunningGroup.start({ kind, workers: 1 });
      const open = (): number => readdirSync('/proc/self/fd').length;
      const threads = (): number => readdirSync('/proc/self/task').length;
      const restart = async (nth: number): Promise<void> => {
        const peer = await running.reach(0);
        peer.write('exit');
        await running.event('ready', nth + 1);
        await peer[Symbol.asyncDispose]();
      };
      for (let nth = 1; nth <= 3; nth++) await restart(nth);
      const before = { open: open(), threads: threads() };
      for (let nth = 4; nth <= 20; nth++) await restart(nth);
      expect(open()).toBeLessThanOrEqual(before.open + 2);
      expect(threads()).toBeLessThanOrEqual(before.threads + 2);
      expect(flushLoggedErrors(WorkerExitedError)).toHaveLength(20);
    },
    60_000 * PATIENCE,
  );
});
