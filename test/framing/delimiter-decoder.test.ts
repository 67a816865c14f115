import { describe, expect, it } from 'vitest';
import {
  DelimiterDecoder,
  type DelimiterDecoderOptions,
} from '../../src/framing/delimiter-decoder.js';
import { FrameTooLongError } from '../../src/framing/errors.js';
import { everySplit } from '../../src/testing/every-split.js';
import { decodeText, describeDecoder, frameOf, thrownBy } from './decoding.js';

describe('DelimiterDecoder', () => {
  it.each([
    ['|', 'a|b||c', ['a', 'b', '']],
    ['--cut--', 'a--cut----cut--b--cut', ['a', '']],
    ['--cut--', 'a--cut-cut----cut--', ['a--cut-cut--']],
    [Buffer.from('é'), 'caf\xc3\xa9s\xc3\xa9', ['caf', 's']],
  ])('cuts at %s, however the bytes are cut', (delimiter, wire, frames) => {
    for (const chunks of everySplit(Buffer.from(wire, 'latin1'))) {
      expect(decodeText(new DelimiterDecoder(delimiter), chunks)).toEqual(frames);
    }
  });

  it('refuses a frame longer than maxLength', () => {
    for (const wire of ['12345|', '12345']) {
      for (const chunks of everySplit(Buffer.from(wire))) {
        const decoder = new DelimiterDecoder('|', { maxLength: 4 });
        const error = thrownBy(() => decodeText(decoder, chunks));
        expect(error).toEqual(new FrameTooLongError(4));
        expect(error).toMatchObject({ option: 'maxLength', limit: 4, length: undefined });
      }
    }
  });

  it('has a limit of 99,999 bytes by default', () => {
    const decoder = new DelimiterDecoder('|');
    decoder.receive(Buffer.alloc(99_999, 'x'));
    expect(decoder.next()).toBeUndefined();
    decoder.receive(Buffer.from('x'));
    expect(() => decoder.next()).toThrow(FrameTooLongError);
  });

  it.each([
    ['', {}],
    ['x'.repeat(257), {}],
    ['|', { maxLength: 0 }],
  ])('refuses the delimiter %j with %j', (delimiter, options: DelimiterDecoderOptions) => {
    expect(() => new DelimiterDecoder(delimiter, options)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });

  it('refuses a delimiter that is not bytes', () => {
    expect(() => new DelimiterDecoder(10 as unknown as string)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });

  describeDecoder({
    make: () => new DelimiterDecoder('-=-', { maxLength: 40 }),
    encode: (frame) => Buffer.concat([frame, Buffer.from('-=-')]),
    frame: frameOf('='),
    alphabet: '-=',
  });
});
