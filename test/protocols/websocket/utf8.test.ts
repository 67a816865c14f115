import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Utf8Validator } from '../../../src/protocols/websocket/utf8.js';
import { everySplit } from '../../../src/testing/every-split.js';

/** The bytes at the limits of all ranges of RFC 3629 section 4. */
const LIMITS = [
  0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
  0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
];
const TAILS = [0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf];

/** Whether some bytes make this beginning valid. */
function canBecomeValid(beginning: readonly number[]): boolean {
  const completions: number[][] = [[]];
  for (const a of TAILS) {
    completions.push([a]);
    for (const b of TAILS) {
      completions.push([a, b]);
      for (const c of TAILS) completions.push([a, b, c]);
    }
  }
  return completions.some((completion) => isUtf8(Buffer.from([...beginning, ...completion])));
}

function accepts(chunks: readonly Uint8Array[]): Utf8Validator | undefined {
  const validator = new Utf8Validator();
  return chunks.every((chunk) => validator.accepts(chunk)) ? validator : undefined;
}

describe('Utf8Validator', () => {
  it('accepts a beginning if and only if some bytes make it valid', () => {
    const check = (bytes: readonly number[]): void => {
      const expected = canBecomeValid(bytes);
      for (const chunks of everySplit(Buffer.from(bytes))) {
        const validator = accepts(chunks);
        expect(validator !== undefined).toBe(expected);
        if (validator !== undefined) expect(validator.complete).toBe(isUtf8(Buffer.from(bytes)));
      }
    };
    for (const a of LIMITS) {
      check([a]);
      for (const b of LIMITS) {
        check([a, b]);
        // Longer sequences are only interesting behind a first byte of such a one.
        if (a >= 0xe0) for (const c of [0x7f, 0x80, 0xbf, 0xc0]) check([a, b, c]);
      }
    }
  });

  it('agrees with isUtf8 on texts and bytes of any length, however they are split', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 }).map((each) => Buffer.from(each));
    const bytes = fc
      .tuple(text, fc.uint8Array({ maxLength: 2 }), text)
      .map((parts) => Buffer.concat(parts));
    fc.assert(
      fc.property(fc.oneof(text, bytes), (each) => {
        for (const chunks of everySplit(each)) {
          expect(accepts(chunks)?.complete ?? false).toBe(isUtf8(each));
        }
      }),
    );
  });
});
