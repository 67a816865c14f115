import { describe, expect, it, vi } from 'vitest';
import { LineTooLongError } from '../../src/framing/errors.js';
import { LineDecoder, type LineDecoderOptions } from '../../src/framing/line-decoder.js';
import { everySplit } from '../../src/testing/every-split.js';
import { decodeText, describeDecoder, drain, frameOf, thrownBy } from './decoding.js';

interface Case extends LineDecoderOptions {
  readonly name: string;
  readonly wire: string;
  readonly lines: string[];
  /** What is left over. */
  readonly rest?: string;
}

const CASES: Case[] = [
  { name: 'CRLF', wire: 'one\r\ntwo\r\n', lines: ['one', 'two'] },
  { name: 'LF', wire: 'one\ntwo\n', lines: ['one', 'two'] },
  { name: 'empty lines', wire: '\r\n\n\n\r\n', lines: ['', '', '', ''] },
  { name: 'a CR that ends nothing', wire: 'a\rb\r\r\n\r', lines: ['a\rb\r'], rest: '\r' },
  { name: 'an unfinished line', wire: 'one\r\ntw', lines: ['one'], rest: 'tw' },
  { name: 'nothing', wire: '', lines: [] },
  { name: 'every byte', wire: '\0\xff\xc3\x28\n', lines: ['\0\xff\xc3\x28'] },
  {
    name: 'a line of exactly maxLength',
    wire: '12345678\r\n12345678\n',
    lines: ['12345678', '12345678'],
  },
  { name: 'maxLength and a CR', wire: '12345678\r', lines: [], rest: '12345678\r' },
  { name: 'strict CRLF', ending: 'crlf', wire: 'a\nb\rc\r\r\n\n\r\n', lines: ['a\nb\rc\r', '\n'] },
  { name: 'a CR and no LF', ending: 'crlf', wire: 'a\rb\r\nc\r', lines: ['a\rb'], rest: 'c\r' },
  { name: 'strict CRLF, maxLength', ending: 'crlf', wire: '1234567\n\r\n', lines: ['1234567\n'] },
  { name: 'strict LF', ending: 'lf', wire: 'a\r\nb\n\r', lines: ['a\r', 'b'], rest: '\r' },
  { name: 'a delimiter', delimiter: '<>', wire: 'a<>b\n<><>', lines: ['a', 'b\n', ''] },
  {
    name: 'a delimiter of one byte',
    delimiter: Buffer.of(0),
    wire: 'a\0\0b',
    lines: ['a', ''],
    rest: 'b',
  },
  { name: 'half a delimiter', delimiter: '<->', wire: '<-<->-><-', lines: ['<-'], rest: '-><-' },
  { name: 'a delimiter like itself', delimiter: 'aab', wire: 'aaab', lines: ['a'] },
  { name: 'a delimiter of one letter', delimiter: 'aaa', wire: 'aaaaab', lines: [''], rest: 'aab' },
  {
    name: 'a delimiter of one letter twice',
    delimiter: 'aa',
    wire: 'aaaaa',
    lines: ['', ''],
    rest: 'a',
  },
  {
    name: 'a delimiter behind maxLength',
    delimiter: 'abcd',
    wire: '12345678abcd',
    lines: ['12345678'],
  },
  {
    name: 'a part of it there',
    delimiter: 'aaab',
    wire: '123456aaa',
    lines: [],
    rest: '123456aaa',
  },
];

describe('LineDecoder', () => {
  it.each(CASES)(
    'reads $name, however it is cut',
    ({ name: _, wire, lines, rest = '', ...options }) => {
      for (const chunks of everySplit(Buffer.from(wire, 'latin1'))) {
        const decoder = new LineDecoder({ maxLength: 8, ...options });
        expect(decodeText(decoder, chunks)).toEqual(lines);
        expect(decoder.takeRest().toString('latin1')).toBe(rest);
      }
    },
  );

  it.each([
    { name: 'a line', wire: '123456789\n' },
    { name: 'a line with CRLF', wire: '123456789\r\n' },
    { name: 'a line without an end', wire: '123456789' },
    { name: 'a line that might have ended', wire: '12345678\ra' },
    { name: 'a line with CRs', wire: '12345678\r\r\n' },
    { name: 'a line after another', wire: 'one\n123456789', lines: ['one'] },
    { name: 'strict CRLF', ending: 'crlf' as const, wire: '12345678\n\r\n' },
    { name: 'strict CRLF without an end', ending: 'crlf' as const, wire: '12345678\r\r' },
    { name: 'strict LF', ending: 'lf' as const, wire: '12345678\r\n' },
    { name: 'a delimiter that comes too late', delimiter: 'abcd', wire: '123456789abc' },
    { name: 'a delimiter that is none', delimiter: 'abcd', wire: '12345678abd' },
  ])(
    'refuses $name beyond maxLength as soon as that is certain',
    ({ name: _, wire, lines = [], ...options }) => {
      for (const chunks of everySplit(Buffer.from(wire))) {
        const decoder = new LineDecoder({ maxLength: 8, ...options });
        const got: string[] = [];
        const error = thrownBy(() => {
          for (const chunk of chunks) {
            decoder.receive(chunk);
            for (let line = decoder.next(); line !== undefined; line = decoder.next()) {
              got.push(line.toString());
            }
          }
        });
        expect(error).toEqual(new LineTooLongError(8));
        expect(error).toMatchObject({ code: 'ERR_LINE_TOO_LONG', limit: 8 });
        expect(got).toEqual(lines);
        expect(wire).toContain(decoder.takeRest().toString().padStart(9, '?'));
      }
    },
  );

  it('has a limit of 16,384 bytes by default', () => {
    const line = Buffer.alloc(16_384, 'x');
    const decoder = new LineDecoder();
    decoder.receive(Buffer.concat([line, Buffer.from('\r\n')]));
    expect(drain(decoder)).toEqual([line]);
    decoder.receive(Buffer.concat([line, Buffer.from('x')]));
    expect(() => decoder.next()).toThrow(LineTooLongError);
  });

  it('searches no byte twice', () => {
    let searched = 0;
    const indexOf = Buffer.prototype.indexOf;
    vi.spyOn(Buffer.prototype, 'indexOf').mockImplementation(function (
      this: Buffer,
      value,
      from,
      encoding,
    ) {
      searched += this.length - Number(from);
      return indexOf.call(this, value, from as number, encoding);
    });
    for (const ending of ['any', 'crlf'] as const) {
      const decoder = new LineDecoder({ ending, maxLength: 100_000 });
      for (let i = 0; i < 10_000; i++) {
        decoder.receive(Buffer.from('ten bytes.'));
        decoder.next();
      }
      decoder.receive(Buffer.from('\r\nnext'));
      expect(decoder.next()).toHaveLength(100_000);
      expect(decoder.next()).toBeUndefined();
    }
    expect(searched).toBeGreaterThanOrEqual(2 * 100_000);
    expect(searched).toBeLessThan(2 * 100_020);
  });

  it('throws the same error forever, whatever arrives', () => {
    const decoder = new LineDecoder({ maxLength: 8 });
    decoder.receive(Buffer.from('123456789\nnext\n'));
    const error = thrownBy(() => decoder.next());
    expect(error).toBeInstanceOf(LineTooLongError);
    expect(thrownBy(() => decoder.next())).toBe(error);
    expect(thrownBy(() => decoder.receive(Buffer.from('more\n')))).toBe(error);
    expect(decoder.takeRest().toString()).toBe('123456789\nnext\n');
    expect(thrownBy(() => decoder.next())).toBe(error);
  });

  it('hands over the bytes after a line', () => {
    const decoder = new LineDecoder();
    decoder.receive(Buffer.from('STARTTLS\r\n\x16\x03\x01'));
    expect(decoder.next()?.toString()).toBe('STARTTLS');
    expect([...decoder.takeRest()]).toEqual([0x16, 0x03, 0x01]);
    expect(decoder.next()).toBeUndefined();
  });

  it('is not affected by later changes of its delimiter', () => {
    const delimiter = Buffer.from('|');
    const decoder = new LineDecoder({ delimiter });
    delimiter[0] = 0;
    expect(decodeText(decoder, [Buffer.from('a|b|')])).toEqual(['a', 'b']);
  });

  it.each([
    { ending: 'cr' },
    { maxLength: 0 },
    { maxLength: 1.5 },
    { maxLength: 2 ** 31 },
    { delimiter: '' },
    { delimiter: 'x'.repeat(257) },
    { delimiter: '|', ending: 'lf' },
  ])('refuses %j', (options) => {
    expect(() => new LineDecoder(options as LineDecoderOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });

  it.each([{ ending: 1 }, { maxLength: '8' }, { delimiter: 10 }, { delimiter: null }])(
    'refuses the type of %j',
    (options) => {
      expect(() => new LineDecoder(options as unknown as LineDecoderOptions)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      );
    },
  );

  it('takes delimiters of 256 bytes and limits of 2^31 - 1', () => {
    const delimiter = Buffer.alloc(256, '-');
    const decoder = new LineDecoder({ delimiter, maxLength: 2 ** 31 - 1 });
    expect(decodeText(decoder, [Buffer.from('a'), delimiter])).toEqual(['a']);
  });

  for (const ending of ['any', 'lf', 'crlf'] as const) {
    describe(`with ending ${ending}`, () => {
      describeDecoder({
        make: () => new LineDecoder({ ending, maxLength: 40 }),
        encode: (line) => Buffer.concat([line, Buffer.from(ending === 'lf' ? '\n' : '\r\n')]),
        frame: frameOf(ending === 'lf' ? '\n' : '\r\n'),
        alphabet: '\r\n',
      });
    });
  }
});
