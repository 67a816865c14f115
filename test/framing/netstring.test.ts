import { describe, expect, it } from 'vitest';
import { FrameTooLongError, InvalidNetstringError } from '../../src/framing/errors.js';
import {
  encodeNetstring,
  NetstringDecoder,
  type NetstringDecoderOptions,
} from '../../src/framing/netstring.js';
import { everySplit } from '../../src/testing/every-split.js';
import { decode, decodeText, describeDecoder, frameOf, thrownBy } from './decoding.js';

/** Written by Twisted 26.4. */
const VECTORS = [
  ['', '303a2c'],
  ['hello', '353a68656c6c6f2c'],
  ['a'.repeat(100), `3130303a${'61'.repeat(100)}2c`],
] as const;

describe('NetstringDecoder', () => {
  it.each(VECTORS)('reads %j', (text, hex) => {
    for (const chunks of everySplit(Buffer.from(hex, 'hex'))) {
      expect(decodeText(new NetstringDecoder(), chunks)).toEqual([text]);
    }
  });

  it.each([
    { name: 'several', wire: '3:abc,0:,1:,,2:\r\n,', strings: ['abc', '', ',', '\r\n'], rest: '' },
    { name: 'all but a comma', wire: '0:,3:abc', strings: [''], rest: '3:abc' },
    { name: 'a length', wire: '12', strings: [], rest: '12' },
    { name: 'a length and a colon', wire: '12:', strings: [], rest: '12:' },
    {
      name: 'a string of maxLength',
      wire: '12:abcdefghijkl,',
      strings: ['abcdefghijkl'],
      rest: '',
    },
  ])('reads $name, however it is cut', ({ wire, strings, rest }) => {
    for (const chunks of everySplit(Buffer.from(wire))) {
      const decoder = new NetstringDecoder({ maxLength: 12 });
      expect(decodeText(decoder, chunks)).toEqual(strings);
      expect(decoder.takeRest().toString()).toBe(rest);
    }
  });

  it.each([
    ':',
    'a',
    ' 1:a,',
    '1 :a,',
    '+1:a,',
    '-1:a,',
    '1.0:a,',
    '00:,',
    '01:a,',
    '1:ab,',
    '1:a;',
    '0:a',
    '1:a,x',
    '\n1:a,',
    '0x1:a,',
    '1;a,',
    '\0',
    '\xff',
    '/:',
    '2:,,:,',
  ])('refuses %j', (wire) => {
    for (const chunks of everySplit(Buffer.from(wire, 'latin1'))) {
      expect(thrownBy(() => decode(new NetstringDecoder(), chunks))).toBeInstanceOf(
        InvalidNetstringError,
      );
    }
  });

  it.each(['13:', '13', '99999999999999999999999', '20', '100'])(
    'refuses the length %s beyond maxLength at the first digit too many',
    (wire) => {
      for (const chunks of everySplit(Buffer.from(wire))) {
        const decoder = new NetstringDecoder({ maxLength: 12 });
        const error = thrownBy(() => decode(decoder, chunks));
        expect(error).toEqual(new FrameTooLongError(12));
        expect(wire.startsWith(decoder.takeRest().toString())).toBe(true);
      }
    },
  );

  it('has a limit of 99,999 bytes by default', () => {
    const string = Buffer.alloc(99_999, 'x');
    expect(decode(new NetstringDecoder(), [encodeNetstring(string)])).toEqual([string]);
    expect(() => decode(new NetstringDecoder(), [Buffer.from('100000')])).toThrow(
      FrameTooLongError,
    );
  });

  it('refuses impossible limits', () => {
    for (const maxLength of [0, -1, 1.5, 2 ** 31, Number.NaN]) {
      expect(() => new NetstringDecoder({ maxLength })).toThrow(RangeError);
    }
    const options = { maxLength: '5' } as unknown as NetstringDecoderOptions;
    expect(() => new NetstringDecoder(options)).toThrow(TypeError);
  });

  describeDecoder({
    make: () => new NetstringDecoder({ maxLength: 40 }),
    encode: encodeNetstring,
    frame: frameOf(),
    alphabet: '0123456789:,',
  });
});

describe('encodeNetstring', () => {
  it.each(VECTORS)('writes %j', (text, hex) => {
    expect(encodeNetstring(text).toString('hex')).toBe(hex);
    expect(encodeNetstring(Buffer.from(text)).toString('hex')).toBe(hex);
  });

  it('counts bytes, not characters', () => {
    expect(encodeNetstring('é').toString()).toBe('2:é,');
  });

  it('refuses data that is neither bytes nor text', () => {
    for (const data of [5, null, [1]]) {
      expect(() => encodeNetstring(data as unknown as string)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      );
    }
  });
});
