/** Counts frames that cost the peer less than this end. */
import { limitExceeded } from './errors.js';
import type { CountedLimit, HTTP2Settings } from './limits.js';

/** The updates that DATA in flight may be answered with: two for each frame of 16 KiB in the largest window. */
const MAX_CREDIT = 2 ** 18;

export class FloodCounts implements Record<CountedLimit, number> {
  maxEmptyData = 0;
  maxPings = 0;
  maxPriorities = 0;
  maxResets = 0;
  maxSettings = 0;
  maxTinyFrames = 0;
  maxUnknownFrames = 0;
  maxWindowUpdates = 0;
  private readonly settings: HTTP2Settings;

  constructor(settings: HTTP2Settings) {
    this.settings = settings;
  }

  /** @throws HTTP2LimitError */
  count(limit: CountedLimit): void {
    const max = this.settings[limit];
    if (++this[limit] > max) throw limitExceeded(limit, max);
  }

  /** A DATA frame was sent or a stream opened, so the peer has reason for an update of both windows. */
  expectWindowUpdates(): void {
    if (this.maxWindowUpdates > -MAX_CREDIT) this.maxWindowUpdates -= 2;
  }

  /** An interval begins. Updates that are expected may arrive in a later one. */
  reset(): void {
    this.maxEmptyData = 0;
    this.maxPings = 0;
    this.maxPriorities = 0;
    this.maxResets = 0;
    this.maxSettings = 0;
    this.maxTinyFrames = 0;
    this.maxUnknownFrames = 0;
    this.maxWindowUpdates = Math.min(0, this.maxWindowUpdates);
  }
}
