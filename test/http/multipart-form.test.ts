import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import { ByteQueue } from '../../src/framing/byte-queue.js';
import { FormTooLargeError, InvalidFormError } from '../../src/http/errors.js';
import {
  boundaryOf,
  type MultipartOptions,
  MultipartParser,
} from '../../src/http/multipart-form.js';
import { everySplit } from '../../src/testing/every-split.js';
import { unknownOptionOf } from '../support/unknown-option.js';

interface Part {
  readonly name: string;
  readonly filename: string | undefined;
  readonly contentType: string;
  readonly content: string;
}

/** Overwrites each chunk after it was read, as a transport does with lent bytes. */
function parse(chunks: readonly Buffer[], options?: MultipartOptions, boundary = 'b'): Part[] {
  const parser = new MultipartParser(boundary, options);
  const parts: Part[] = [];
  const events: string[] = [];
  let content: Buffer[] = [];
  const readAll = (): void => {
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      events.push(event);
      if (event === 'part') content = [];
      if (event === 'data') {
        expect(parser.data.length).toBeGreaterThan(0);
        content.push(Buffer.from(parser.data));
      }
      if (event === 'part-end') {
        parts.push({ ...parser.part, content: Buffer.concat(content).toString('latin1') });
      }
    }
  };
  for (const chunk of chunks) {
    parser.receive(chunk);
    readAll();
    chunk.fill(0x0d);
  }
  parser.end();
  readAll();
  expect(events.join(' ')).toMatch(/^(?:part (?:data )*part-end )*end$/);
  return parts;
}

function faultOf(call: () => unknown): InvalidFormError | FormTooLargeError {
  try {
    call();
  } catch (error) {
    if (error instanceof InvalidFormError || error instanceof FormTooLargeError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const lines = (...text: string[]): Buffer => Buffer.from(text.join('\r\n'), 'latin1');
const part = (head: string, content = 'x'): Buffer => lines('--b', head, '', content, '--b--', '');
const named = (rest: string): Buffer => part(`Content-Disposition: form-data; ${rest}`);
const DISPOSITION = 'Content-Disposition: form-data; name="a"';

describe('MultipartParser', () => {
  it('reads fields and files, however they are cut', () => {
    const body = lines(
      '--b',
      'content-disposition: Form-Data; name="text"',
      '',
      'one\r\ntwo\r\n--\r\n--c',
      '--b',
      'Content-Type: image/png',
      'Content-Disposition: form-data; name=file; filename="C:\\x\\a.png"',
      'X-Other: ignored',
      '',
      '\0\xff\r\r\n-\r\n--\r',
      '--b',
      DISPOSITION,
      '',
      '',
      '--b--',
      'anything',
    );
    for (const chunks of everySplit(body)) {
      expect(parse(chunks)).toEqual([
        {
          name: 'text',
          filename: undefined,
          contentType: 'text/plain',
          content: 'one\r\ntwo\r\n--\r\n--c',
        },
        {
          name: 'file',
          filename: 'a.png',
          contentType: 'image/png',
          content: '\0\xff\r\r\n-\r\n--\r',
        },
        { name: 'a', filename: undefined, contentType: 'text/plain', content: '' },
      ]);
    }
  });

  it('reads a form without parts, and a CRLF before the first delimiter', () => {
    expect(parse([lines('--b--', '')])).toEqual([]);
    expect(parse([lines('--b--')])).toEqual([]);
    for (const chunks of everySplit(lines('', '--b', DISPOSITION, '', 'x', '--b--'))) {
      expect(parse(chunks)).toHaveLength(1);
    }
  });

  it('reads forms of the Fetch API', async () => {
    const form = new FormData();
    form.append('a"b\r\nc', 'v\u00e4lue');
    form.append('file', new Blob([Buffer.alloc(100_000, 0x0d)]), 'n"a\u00e4.bin');
    const response = new Response(form);
    const boundary = boundaryOf(response.headers.get('content-type') ?? '');
    const body = Buffer.from(await response.arrayBuffer());
    const chunks: Buffer[] = [];
    for (let at = 0; at < body.length; at += 1000)
      chunks.push(Buffer.from(body.subarray(at, at + 1000)));
    const parts = parse(chunks, {}, boundary);
    expect(parts.map(({ name, filename }) => [name, filename])).toEqual([
      ['a"b\r\nc', undefined],
      ['file', 'n"a\u00e4.bin'],
    ]);
    expect(Buffer.from(parts[0]?.content ?? '', 'latin1').toString()).toBe('v\u00e4lue');
    expect(parts[1]?.content).toBe('\r'.repeat(100_000));
  });

  it.each([
    ['name="a%22b%0D%0Ac%41"', 'a"b\r\nc%41', undefined],
    ['name="a\\"b\\\\c\\d"', 'a"b\\c\\d', undefined],
    ['name="a;b"; filename="c;d.txt"', 'a;b', 'c;d.txt'],
    ['name=""; filename=""', '', ''],
    ['name="a"; filename="../../etc/passwd"', 'a', 'passwd'],
    ['name="a"; filename="a\\b.txt"', 'a', 'b.txt'],
    ['name="a"; filename="dir/"', 'a', ''],
    ["name=a; filename*=UTF-8''x%2Fn%C3%A4.txt", 'a', 'n\u00e4.txt'],
    ['NAME="a" ; FileName=b', 'a', 'b'],
    ['name="\xc3\xa4"', '\u00e4', undefined],
  ])('reads the disposition %s', (disposition, name, filename) => {
    expect(parse([named(disposition)])).toMatchObject([{ name, filename }]);
  });

  it.each([
    ['no boundary', lines('hello')],
    ['another boundary', lines('--c--')],
    ['a preamble', lines('preamble', '--b--')],
    ['no end', lines('--b', DISPOSITION, '', 'x')],
    ['half an end', lines('--b', DISPOSITION, '', 'x', '--b-')],
    ['nothing', lines('')],
    ['a longer boundary', lines('--bc--')],
    ['spaces after a boundary', lines('--b ', DISPOSITION, '', 'x', '--b--')],
    ['a longer boundary in its content', lines('--b', DISPOSITION, '', 'x', '--bc', '--b--')],
    ['a bare LF after a boundary', Buffer.from('--b\nContent-Disposition: form-data; name=a\n\nx')],
    ['no disposition', part('Content-Type: text/plain')],
    ['no head', lines('--b', '', 'x', '--b--')],
    ['another disposition', part('Content-Disposition: attachment; name="a"')],
    ['no name', named('filename="a"')],
    ['two names', named('name="a"; name="b"')],
    ['two filenames', named('name="a"; filename="b"; filename="c"')],
    ['filenames in both forms', named('name="a"; filename="b"; filename*=UTF-8\'\'c')],
    ['a malformed extended filename', named("name=a; filename*=latin1''c")],
    ['an extended filename that is not UTF-8', named("name=a; filename*=UTF-8''%ff")],
    ['an extended filename with NUL', named("name=a; filename*=UTF-8''%00")],
    ['an open quote', named('name="a')],
    ['a quote in a name', named('name="a"b"')],
    ['a name without quotes that needs them', named('name=a b')],
    ['a parameter without a value', named('name="a"; x')],
    ['a NUL', named('name="a\0b"')],
    ['a bare LF in its head', named('name="a"\nX: y')],
    ['a bare CR in its head', named('name="a"\rX: y')],
    ['a folded line', part(`${DISPOSITION};\r\n filename="b"`)],
    ['a space before the colon', part('Content-Disposition : form-data; name="a"')],
    ['a line without a colon', part(`${DISPOSITION}\r\nX`)],
    ['two dispositions', part(`${DISPOSITION}\r\n${DISPOSITION}`)],
    ['bytes that are not UTF-8', named('name="\xff"')],
    ['a transfer encoding', part(`${DISPOSITION}\r\nContent-Transfer-Encoding: base64`)],
  ])('refuses %s with 400', (_name, body) => {
    for (const chunks of everySplit(body)) {
      const fault = faultOf(() => parse(chunks));
      expect(fault).toBeInstanceOf(InvalidFormError);
      expect(fault).toMatchObject({ status: 400 });
    }
  });

  it('accepts transfer encodings that change nothing', () => {
    for (const encoding of ['7bit', '8BIT', 'binary']) {
      expect(
        parse([part(`${DISPOSITION}\r\nContent-Transfer-Encoding: ${encoding}`)]),
      ).toHaveLength(1);
    }
  });

  const parts = (count: number): Buffer =>
    lines(...Array.from({ length: count }, () => ['--b', DISPOSITION, '', 'x']).flat(), '--b--');
  const headOf = (bytes: number): Buffer =>
    part(`${DISPOSITION}\r\nX: ${'x'.repeat(bytes - DISPOSITION.length - 5)}`);
  const contentOf = (bytes: number): Buffer => part(DISPOSITION, 'x'.repeat(bytes));
  const fileOf = (bytes: number): Buffer => part(`${DISPOSITION}; filename="f"`, 'x'.repeat(bytes));
  const nameOf = (bytes: number): Buffer => named(`name="${'x'.repeat(bytes)}"`);
  const filenameOf = (bytes: number): Buffer => named(`name=a; filename="${'x'.repeat(bytes)}"`);

  it.each([
    ['maxParts', 3, parts],
    ['maxPartHeadBytes', 100, headOf],
    ['maxNameBytes', 5, nameOf],
    ['maxNameBytes', 5, filenameOf],
    ['maxValueBytes', 5, contentOf],
    ['maxValueBytes', 0, contentOf],
    ['maxFileBytes', 5, fileOf],
  ] as const)('limits %s to %i', (option, limit, make) => {
    for (const chunks of everySplit(make(limit))) {
      expect(() => parse(chunks, { [option]: limit })).not.toThrow();
    }
    for (const chunks of everySplit(make(limit + 1))) {
      const fault = faultOf(() => parse(chunks, { [option]: limit }));
      expect(fault).toMatchObject({ option, limit, status: 413 });
    }
  });

  it.each([
    ['maxParts', 1000, parts],
    ['maxPartHeadBytes', 8192, headOf],
    ['maxNameBytes', 1024, nameOf],
    ['maxValueBytes', 1_048_576, contentOf],
    ['maxFileBytes', 16_777_216, fileOf],
  ] as const)('limits %s to %i by default', (option, limit, make) => {
    expect(() => parse([make(limit)])).not.toThrow();
    expect(faultOf(() => parse([make(limit + 1)]))).toMatchObject({ option });
  });

  it('refuses a head before it is complete, and stays refused', () => {
    const parser = new MultipartParser('b', { maxPartHeadBytes: 64 });
    parser.receive(Buffer.from(`--b\r\nX: ${'x'.repeat(100)}`));
    const fault = faultOf(() => parser.next());
    expect(fault).toMatchObject({ option: 'maxPartHeadBytes' });
    expect(faultOf(() => parser.next())).toBe(fault);
    expect(faultOf(() => parser.receive(Buffer.from('x')))).toBe(fault);
  });

  it('keeps lent bytes that were not read', () => {
    const parser = new MultipartParser('b');
    const chunk = part(DISPOSITION, 'content');
    parser.receive(chunk);
    expect(parser.next()).toBe('part');
    parser.keepRest();
    chunk.fill(0);
    expect(parser.next()).toBe('data');
    expect(parser.data.toString()).toBe('content');
  });

  it('has the same result for any bytes, however they are cut', () => {
    const piece = fc.constantFrom(
      '--b',
      '\r\n',
      '\r',
      '\n',
      '-',
      'b',
      `${DISPOSITION}\r\n`,
      '; filename="f"',
      'X: y',
      '\r\n--b',
      '\r\n--b--',
      '\0',
    );
    const bodies = fc.array(piece, { maxLength: 14 }).map((pieces) => `--b\r\n${pieces.join('')}`);
    const options = { maxParts: 2, maxValueBytes: 6, maxFileBytes: 8, maxPartHeadBytes: 64 };
    const resultOf = (chunks: readonly Buffer[]): string => {
      try {
        return JSON.stringify(parse(chunks, options));
      } catch (error) {
        if (error instanceof InvalidFormError || error instanceof FormTooLargeError)
          return error.code;
        throw error;
      }
    };
    fc.assert(
      fc.property(
        bodies,
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
        (body, sizes) => {
          const bytes = Buffer.from(body);
          const chunks: Buffer[] = [];
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const size = sizes[i % sizes.length] ?? 1;
            chunks.push(Buffer.from(bytes.subarray(at, at + size)));
            at += size;
          }
          return resultOf(chunks) === resultOf([Buffer.from(bytes)]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('compares and searches each byte a bounded number of times, whatever the content', () => {
    const boundary = '-'.repeat(60);
    const almost = `\r\n--${'-'.repeat(59)}`;
    const compared = vi.spyOn(ByteQueue.prototype, 'byteAt');
    const searched = vi.spyOn(ByteQueue.prototype, 'indexOf');
    for (const text of ['\r', '\r\n', almost, `${almost}\r`, 'x']) {
      for (const head of [DISPOSITION, `${DISPOSITION}\r\nX: ${'x'.repeat(4000)}`]) {
        const content = text.repeat(Math.ceil(5000 / text.length));
        const body = lines(`--${boundary}`, head, '', content, `--${boundary}--`);
        for (const size of [7, 100, body.length]) {
          compared.mockClear();
          searched.mockClear();
          const chunks: Buffer[] = [];
          for (let at = 0; at < body.length; at += size) {
            chunks.push(Buffer.from(body.subarray(at, at + size)));
          }
          expect(parse(chunks, {}, boundary)[0]?.content).toBe(content);
          // A delimiter that arrives in small pieces is compared again with each.
          expect(compared.mock.calls.length).toBeLessThan(12 * body.length);
          expect(searched.mock.calls.length).toBeLessThan(2 * body.length);
        }
      }
    }
  });

  it('checks its arguments', async () => {
    for (const boundary of ['', 'a ', 'x'.repeat(71), 'a\r\n']) {
      expect(() => new MultipartParser(boundary)).toThrow(InvalidArgumentValueError);
    }
    expect(() => new MultipartParser(1 as never)).toThrow(InvalidArgumentTypeError);
    for (const option of [
      'maxParts',
      'maxPartHeadBytes',
      'maxNameBytes',
      'maxValueBytes',
      'maxFileBytes',
    ]) {
      expect(() => new MultipartParser('b', { [option]: -1 })).toThrow(InvalidArgumentValueError);
    }
    const error = await unknownOptionOf(() => new MultipartParser('b', { nonsense: 1 } as never));
    expect(error.known).toHaveLength(5);
  });
});

describe('boundaryOf', () => {
  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['Multipart/Form-Data; charset=utf-8; Boundary="a b:c"', 'a b:c'],
  ])('of %j is %j', (contentType, boundary) => {
    expect(boundaryOf(contentType)).toBe(boundary);
  });

  it.each([
    '',
    'multipart/form-data',
    'multipart/mixed; boundary=a',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary="a "',
    'multipart/form-data; boundary=a b',
    `multipart/form-data; boundary=${'x'.repeat(71)}`,
    'multipart/form-data; boundary="a\r\nb"',
  ])('does not exist in %j', (contentType) => {
    expect(() => boundaryOf(contentType)).toThrow(InvalidFormError);
  });
});
