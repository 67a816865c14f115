/** The parser of inotify records. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  IN_CREATE,
  IN_MODIFY,
  InotifyParser,
  type InotifyRecord,
} from '../../src/files/inotify-records.js';

function bytesOf({ watch, mask, cookie, name }: InotifyRecord, padding = 0): Buffer {
  const text = Buffer.from(name, 'latin1');
  const length = name === '' ? 0 : text.length + 1 + padding;
  const head = new Int32Array([watch, mask, cookie, length]);
  return Buffer.concat([Buffer.from(head.buffer), text, Buffer.alloc(length - text.length)]);
}

function parse(...parts: Buffer[]): InotifyRecord[] {
  const parser = new InotifyParser();
  const records: InotifyRecord[] = [];
  for (const part of parts) parser.receive(part, (record) => records.push(record));
  return records;
}

describe('InotifyParser', () => {
  const records: InotifyRecord[] = [
    { watch: 1, mask: IN_CREATE, cookie: 0, name: 'a file\nwith \xff bytes' },
    { watch: -1, mask: 0x4000, cookie: 0, name: '' },
    { watch: 2 ** 31 - 1, mask: IN_MODIFY, cookie: 2 ** 32 - 1, name: 'b' },
  ];

  it('returns the same records however the bytes are split', () => {
    const whole = Buffer.concat(records.map((record, at) => bytesOf(record, at * 7)));
    for (let at = 0; at <= whole.length; at++) {
      expect(parse(whole.subarray(0, at), whole.subarray(at))).toEqual(records);
    }
    expect(parse(...[...whole].map((byte) => Buffer.of(byte)))).toEqual(records);
  });

  it('keeps no reference to the bytes', () => {
    const bytes = bytesOf(records[0] as InotifyRecord);
    const parser = new InotifyParser();
    const found: InotifyRecord[] = [];
    const piece = Buffer.from(bytes.subarray(0, 20));
    parser.receive(piece, (record) => found.push(record));
    piece.fill(0);
    parser.receive(bytes.subarray(20), (record) => found.push(record));
    expect(found).toEqual([records[0]]);
  });

  it('returns or throws a RangeError for any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (parts) => {
        try {
          parse(...parts.map((part) => Buffer.from(part)));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
    const long = bytesOf({ watch: 1, mask: 1, cookie: 0, name: 'x'.repeat(5000) });
    expect(() => parse(long)).toThrow(RangeError);
  });
});
