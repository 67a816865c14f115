/** Processes by the thousand leave no descriptors, memory and zombies behind. */
import { describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { PATIENCE } from '../support/deadline.js';
import { ONE_POLLER } from '../support/reactors.js';
import type { Figures } from './programs/figures.js';

const PROGRAM = new URL('./programs/processes-flat.ts', import.meta.url);
/** AddressSanitizer keeps for a while what was freed, and takes its time. */
const SANITIZED = process.env.ROPEWALK_SANITIZE !== undefined;
const PROCESSES = SANITIZED ? 1_000 : 10_000;
/** Node takes several times as long to start one, and the memory is its own. */
const OF_NODE = 3_000;
const DEADLINE_MS = 150_000;

/** What caches and code that was compiled meanwhile may take; a leak of 100 bytes a process would exceed it (of Node 340). */
const HEAP_SLACK_BYTES = 700 * 1024;
/** The allocator keeps what it got, in pieces: 900 bytes a process would exceed it (of Node 3,000). */
const RSS_SLACK_BYTES = 6 * 1024 * 1024;

interface Result {
  readonly before: Figures;
  readonly after: Figures;
  readonly children: string;
}

describe.skipIf(process.platform !== 'linux').each(ONE_POLLER)(
  'processes ($name)',
  ({ name, native }) => {
    const count = native ? PROCESSES : OF_NODE;

    it(`leave nothing behind: ${count}`, {
      timeout: (DEADLINE_MS + 5_000) * PATIENCE,
    }, async () => {
      // The young generation grows for as long as it is kept busy, by up to 32 MiB: that would hide a leak.
      await using child = new Child(PROGRAM, [name, `${count}`], {
        nodeFlags: ['--expose-gc', '--max-semi-space-size=1'],
      });
      const { code, stdout, stderr } = await child.result(DEADLINE_MS);
      expect(code, stderr).toBe(0);
      const { before, after, children } = JSON.parse(stdout) as Result;
      expect(after.descriptors, 'descriptors').toBeLessThanOrEqual(before.descriptors);
      expect(children, 'children').toBe('');
      expect(after.heapBytes - before.heapBytes, 'bytes of heap').toBeLessThan(HEAP_SLACK_BYTES);
      if (!SANITIZED) {
        expect(after.rssBytes - before.rssBytes, 'bytes of memory').toBeLessThan(RSS_SLACK_BYTES);
      }
    });
  },
);
