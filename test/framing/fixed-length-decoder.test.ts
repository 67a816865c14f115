import { describe, expect, it } from 'vitest';
import { FixedLengthDecoder } from '../../src/framing/fixed-length-decoder.js';
import { everySplit } from '../../src/testing/every-split.js';
import { decodeText } from './decoding.js';

describe('FixedLengthDecoder', () => {
  it('gives frames of its length, however they are cut', () => {
    for (const chunks of everySplit(Buffer.from('abcdefgh'))) {
      const decoder = new FixedLengthDecoder(3);
      expect(decodeText(decoder, chunks)).toEqual(['abc', 'def']);
      expect(decoder.bufferedBytes).toBe(2);
      expect(decoder.takeRest().toString()).toBe('gh');
      expect(decoder.bufferedBytes).toBe(0);
    }
  });

  it('can be given another length between two frames', () => {
    for (const chunks of everySplit(Buffer.from('1a2bc3def0x'))) {
      const decoder = new FixedLengthDecoder(1);
      const bodies: string[] = [];
      for (const chunk of chunks) {
        decoder.receive(chunk);
        for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
          if (decoder.length > 1 || bodies.length % 2 === 1) {
            bodies.push(frame.toString());
            decoder.length = 1;
          } else {
            bodies.push(frame.toString());
            decoder.length = Math.max(1, Number(frame.toString()));
          }
        }
      }
      expect(bodies).toEqual(['1', 'a', '2', 'bc', '3', 'def', '0', 'x']);
    }
  });

  it('refuses invalid lengths', () => {
    const decoder = new FixedLengthDecoder(1);
    for (const length of [0, -1, 1.5, 2 ** 31, Number.NaN]) {
      expect(() => new FixedLengthDecoder(length)).toThrow(RangeError);
      expect(() => {
        decoder.length = length;
      }).toThrow(RangeError);
    }
    expect(() => new FixedLengthDecoder('1' as unknown as number)).toThrow(TypeError);
    expect(decoder.length).toBe(1);
  });
});
