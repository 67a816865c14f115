/** Counts frames that cost the peer less than this end. */
import { limitExceeded } from './errors.js';
import type { CountedLimit, HTTP2Settings } from './limits.js';

/** The updates that DATA in flight may be answered with: two for each frame of 16 KiB in the largest window. */
const MAX_CREDIT = 2 ** 18;

export class FloodCounts {
  private readonly settings: HTTP2Settings;
  private readonly counts: Record<CountedLimit, number> = {
    maxEmptyData: 0,
    maxPings: 0,
    maxPriorities: 0,
    maxResets: 0,
    maxSettings: 0,
    maxTinyFrames: 0,
    maxUnknownFrames: 0,
    maxWindowUpdates: 0,
  };

  constructor(settings: HTTP2Settings) {
    this.settings = settings;
  }

  /** @throws HTTP2LimitError */
  count(limit: CountedLimit): void {
    const max = this.settings[limit];
    if (++this.counts[limit] > max) throw limitExceeded(limit, max);
  }

  /** A DATA frame was sent or a stream opened, so the peer has reason for an update of both windows. */
  expectWindowUpdates(): void {
    this.counts.maxWindowUpdates = Math.max(-MAX_CREDIT, this.counts.maxWindowUpdates - 2);
  }

  /** An interval begins. Updates that are expected may arrive in a later one. */
  reset(): void {
    const expected = Math.min(0, this.counts.maxWindowUpdates);
    for (const limit in this.counts) this.counts[limit as CountedLimit] = 0;
    this.counts.maxWindowUpdates = expected;
  }
}
