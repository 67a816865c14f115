import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ReceivedView } from '../../../src/reactor/native/received-view.js';

const BYTES = Buffer.from('hello, wide world');

/** The same bytes as a view into the middle of some memory, and as a Buffer. */
function twins(): { view: Buffer; buffer: Buffer } {
  const memory = new ArrayBuffer(64);
  Buffer.from(memory).set(BYTES, 5);
  return { view: new ReceivedView(memory, 5, BYTES.length), buffer: Buffer.from(BYTES) };
}

describe('a received view', () => {
  it('is a Buffer', () => {
    const { view, buffer } = twins();
    expect(Buffer.isBuffer(view)).toBe(true);
    expect(view).toBeInstanceOf(Uint8Array);
    expect(view.constructor).toBe(Buffer);
    expect(view.equals(buffer)).toBe(true);
    expect(view.toString('latin1', 1, 4)).toBe('ell');
    expect(Buffer.concat([view, view]).length).toBe(2 * BYTES.length);
    expect(JSON.stringify(view)).toBe(JSON.stringify(buffer));
    expect(view.readUInt32BE(2)).toBe(buffer.readUInt32BE(2));
    expect([...view.map((byte) => byte + 1)]).toEqual([...buffer.map((byte) => byte + 1)]);
  });

  it('is sliced like a Buffer, whatever the indices', () => {
    const index = fc.oneof(
      fc.integer({ min: -40, max: 40 }),
      fc.double(),
      fc.constantFrom(undefined, null, '3', 'x', Number.NaN, Infinity, -Infinity),
    );
    fc.assert(
      fc.property(index, index, (start, end) => {
        const { view, buffer } = twins();
        const expected = buffer.subarray(start as number, end as number).toString();
        expect(view.subarray(start as number, end as number).toString()).toBe(expected);
        expect(view.slice(start as number, end as number).toString()).toBe(expected);
      }),
    );
  });

  it('shares its memory with its slices', () => {
    const { view } = twins();
    const part = view.subarray(2, 6).subarray(1);
    part[0] = 0x2a;
    expect(view.toString()).toBe('hel*o, wide world');
    expect(Buffer.isBuffer(part)).toBe(true);
  });
});
