/**
 * Sockets opened and closed by the thousand leave neither descriptors nor memory behind. ROPEWALK_CYCLES=10000 makes it the
 * full run, which prints its figures.
 */
import { describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { PATIENCE } from '../support/deadline.js';
import { REACTORS } from '../support/reactors.js';

const PROGRAM = new URL('./programs/sockets-flat.ts', import.meta.url);
const CYCLES = Number(process.env.ROPEWALK_CYCLES ?? 1000);
const NATIVE_ONLY = ['unix-datagram', 'adopted'];
const KINDS = ['tcp', 'unix', 'udp', ...NATIVE_ONLY];

/** What caches and code that was compiled meanwhile may take; a leak of 100 bytes a cycle would exceed it in the full run. */
const HEAP_SLACK_BYTES = 700 * 1024;
/** The allocator keeps what it got, in pieces: 700 bytes a cycle of the full run would exceed it. */
const RSS_SLACK_BYTES = 6 * 1024 * 1024;

/** AddressSanitizer keeps for a while what was freed. */
const RSS_TELLS = process.env.ROPEWALK_SANITIZE === undefined;

interface Figures {
  readonly descriptors: number;
  readonly heapBytes: number;
  readonly rssBytes: number;
}

interface Result {
  readonly before: Figures;
  readonly after: Figures;
  readonly milliseconds: number;
}

const CASES = REACTORS.flatMap(({ name, native }) =>
  KINDS.filter((kind) => native || !NATIVE_ONLY.includes(kind)).map(
    (kind) => [kind, name] as const,
  ),
);

describe.skipIf(process.platform !== 'linux')('sockets that come and go', () => {
  it.each(CASES)(
    'leave nothing behind: %s (%s)',
    async (kind, name) => {
      // The young generation grows for as long as it is kept busy, by up to 32 MiB: that would hide a leak.
      await using child = new Child(PROGRAM, [name, kind, `${CYCLES}`], {
        nodeFlags: ['--expose-gc', '--max-semi-space-size=1'],
      });
      const { code, stdout, stderr } = await child.result(60_000);
      expect(code, stderr).toBe(0);
      const { before, after, milliseconds } = JSON.parse(stdout) as Result;
      const heap = after.heapBytes - before.heapBytes;
      const rss = after.rssBytes - before.rssBytes;
      if (process.env.ROPEWALK_CYCLES !== undefined) {
        const text = `${heap >> 10} KiB of heap, ${rss >> 10} KiB of RSS`;
        process.stdout.write(
          `${name} ${kind} x ${CYCLES}: ${before.descriptors} -> ${after.descriptors} descriptors, ${text}, ${milliseconds} ms\n`,
        );
      }
      expect(after.descriptors, 'descriptors').toBeLessThanOrEqual(before.descriptors);
      expect(heap, 'bytes of heap').toBeLessThan(HEAP_SLACK_BYTES);
      if (RSS_TELLS) expect(rss, 'bytes of memory').toBeLessThan(RSS_SLACK_BYTES);
    },
    70_000 * PATIENCE,
  );
});
