import { describe, expect, it } from 'vitest';
import {
  givenCopy,
  givenCopyOf,
  ownBytes,
  POISON_BYTE,
  poison,
} from '../../src/internal/lent-bytes.js';

const SIZES = [0, 1, 3, 63, 64, 65, 100, 4095, 4096, 65_536];

describe('bytes that are given', () => {
  it.each(SIZES)('are a Buffer with memory of their own: %i bytes', (length) => {
    const source = Buffer.alloc(length + 10, 'abc');
    const copy = givenCopy(source, 4, length);
    source.fill(0);
    expect(Buffer.isBuffer(copy) && copy instanceof Buffer).toBe(true);
    expect(copy.equals(Buffer.alloc(length + 10, 'abc').subarray(4, 4 + length))).toBe(true);
    expect([copy.byteOffset, copy.buffer.byteLength]).toEqual([0, length]);
    expect(copy.buffer).toBeInstanceOf(ArrayBuffer);
  });

  it('have the methods of a Buffer', () => {
    const copy = givenCopyOf(Buffer.from('hello world'));
    expect(copy.toString()).toBe('hello world');
    expect(copy.subarray(6).toString()).toBe('world');
    expect(copy.slice(0, 5).toString()).toBe('hello');
    expect(copy.readUInt16BE(0)).toBe(0x6865);
    expect(copy.indexOf('o', 5)).toBe(7);
    expect(Buffer.concat([copy, copy])).toHaveLength(22);
    expect(copy).toEqual(Buffer.from('hello world'));
  });

  it('can be transferred without harm to others', () => {
    const one = givenCopyOf(Buffer.from('one'));
    const two = givenCopyOf(Buffer.from('two'));
    const { buffer } = one;
    const moved = structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    expect(Buffer.from(moved).toString()).toBe('one');
    expect([one.length, two.toString(), Buffer.from('pool').toString()]).toEqual([
      0,
      'two',
      'pool',
    ]);
  });

  it.each(SIZES)('need memory of their own: %i bytes', (length) => {
    const memory = ownBytes(length);
    expect(Buffer.isBuffer(memory)).toBe(true);
    expect([memory.length, memory.buffer.byteLength]).toEqual([length, length]);
  });
});

describe('poison', () => {
  it('overwrites what was lent and nothing else', () => {
    const memory = Buffer.alloc(6, 1);
    poison(memory.subarray(2, 4));
    expect([...memory]).toEqual([1, 1, POISON_BYTE, POISON_BYTE, 1, 1]);
  });

  it('leaves detached memory alone', () => {
    const bytes = new Uint8Array(4);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    poison(bytes);
    expect(bytes.byteLength).toBe(0);
  });
});
