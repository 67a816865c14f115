import { describe, expect, it } from 'vitest';
import type { Transport } from '../../src/core/transport.js';
import { ShapedWriter } from '../../src/policies/shaped-writer.js';
import { TokenBucket } from '../../src/policies/token-bucket.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

describe('ShapedWriter', () => {
  it('asks no producer if more was sent before it is told that nothing waited', () => {
    const below = {
      connected: true,
      bufferedBytes: 0,
      registerProducer() {},
      write(data: Uint8Array): void {
        this.bufferedBytes += data.byteLength;
      },
    };
    const clock = new ManualClock();
    const bucket = new TokenBucket({ clock, bytesPerSecond: 1_000 });
    const writer = new ShapedWriter(below as unknown as Transport, bucket);
    let asked = 0;
    writer.registerProducer({ resumeProducing: () => asked++, stopProducing() {} }, false);
    writer.write('more');
    writer.resumeProducing();
    expect(asked).toBe(0);
    below.bufferedBytes = 0;
    writer.resumeProducing();
    expect(asked).toBe(1);
  });
});
