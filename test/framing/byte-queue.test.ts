import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteQueue } from '../../src/framing/byte-queue.js';

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

describe('ByteQueue', () => {
  it('returns views of a chunk that holds the requested bytes', () => {
    const queue = new ByteQueue();
    const chunk = bytes('onetwo');
    queue.push(chunk);
    const pieces = [queue.cut(0, 3, 3), queue.cut(0, 3, 3)];
    expect(pieces.map(String)).toEqual(['one', 'two']);
    for (const piece of pieces) expect(piece.buffer).toBe(chunk.buffer);
  });

  it('gives a whole chunk back as it is', () => {
    const queue = new ByteQueue();
    const chunk = bytes('one');
    queue.push(chunk);
    expect(queue.takeRest()).toBe(chunk);
    expect(queue.takeRest()).toHaveLength(0);
  });

  it('does not pin a slab for a few leftover bytes', () => {
    const queue = new ByteQueue();
    const slab = Buffer.alloc(65_536);
    queue.push(slab);
    queue.cut(0, 65_530, 65_530);
    queue.settle(100);
    expect(queue.length).toBe(6);
    expect(queue.takeRest().buffer).not.toBe(slab.buffer);
  });

  it('copies only the bytes of the next chunk that complete a frame', () => {
    const queue = new ByteQueue();
    queue.push(bytes('un'));
    queue.settle(10);
    const next = bytes('finished and whole');
    queue.push(next);
    expect(String(queue.cut(0, 10, 10))).toBe('unfinished');
    const rest = queue.takeRest();
    expect(String(rest)).toBe(' and whole');
    expect(rest.buffer).toBe(next.buffer);
  });

  it('returns a frame that arrived in pieces without copying it again', () => {
    const queue = new ByteQueue();
    queue.push(Buffer.alloc(60_000, 'x'));
    queue.settle(100_000);
    queue.push(Buffer.alloc(60_000, 'x'));
    const { buffer } = (queue as unknown as { head: Buffer }).head;
    const frame = queue.cutGiven(4, 100_000, 100_000);
    expect(frame.buffer).toBe(buffer);
    expect([frame.length, buffer.byteLength]).toEqual([99_996, 100_000]);
    expect(queue.takeRest().buffer).not.toBe(buffer);
  });

  it('gives a copy of a frame that shares its memory with others', () => {
    const queue = new ByteQueue();
    queue.push(bytes('onetwo'));
    queue.settle(6);
    const frames = [queue.cutGiven(0, 3, 3), queue.cutGiven(0, 3, 3)];
    expect(frames.map(String)).toEqual(['one', 'two']);
    for (const { buffer } of frames) expect(buffer.byteLength).toBe(3);
  });

  it('never overwrites bytes that it has returned', () => {
    const queue = new ByteQueue();
    const given: Buffer[] = [];
    for (let i = 0; i < 300; i++) {
      queue.push(Buffer.of(i));
      queue.settle(1000);
      if (queue.length === 3) given.push(queue.cut(0, 2, 2));
    }
    given.forEach((piece, i) => {
      expect([...piece]).toEqual([(2 * i) & 255, (2 * i + 1) & 255]);
    });
  });

  it('takes no more memory for an unfinished frame than it can need', () => {
    const queue = new ByteQueue();
    for (let i = 0; i < 100; i++) {
      queue.push(Buffer.alloc(10_000));
      queue.settle(1_000_000);
    }
    expect(queue.takeRest().buffer.byteLength).toBe(1_000_000);
  });

  it('copies a frame of 16 MiB in small chunks a few times at most', () => {
    const queue = new ByteQueue();
    const size = 16 * 1024 * 1024;
    const chunk = Buffer.alloc(4096, 1);
    const buffers = new Set<unknown>();
    for (let at = 0; at < size; at += chunk.length) {
      queue.push(chunk);
      queue.settle(size);
      if (queue.length < size) buffers.add((queue as unknown as { head: Buffer }).head.buffer);
    }
    expect(queue.cut(0, size, size)).toHaveLength(size);
    expect(buffers.size).toBeLessThan(20);
  });

  it('reads integers across the cut', () => {
    for (const cut of [1, 2, 3, 4, 5, 6, 7]) {
      const queue = new ByteQueue();
      const all = Buffer.from('0102030405060708', 'hex');
      queue.push(all.subarray(0, cut));
      queue.settle(8);
      queue.push(all.subarray(cut));
      expect(queue.readUnsigned(0, 4, false)).toBe(0x01020304);
      expect(queue.readUnsigned(2, 4, true)).toBe(0x06050403);
      expect(queue.readUnsigned(1, 6, false)).toBe(0x020304050607);
    }
  });

  it('behaves like one long buffer for any operations', () => {
    const step = fc.oneof(
      fc.record({ push: fc.uint8Array({ maxLength: 30 }) }),
      fc.record({ cut: fc.nat(40) }),
      fc.constant({ settle: true }),
      fc.record({ find: fc.nat(255), from: fc.nat(40) }),
      fc.constant({ rest: true }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new ByteQueue();
        let model: Buffer = Buffer.alloc(0);
        const given: [Buffer, string][] = [];
        for (const one of steps) {
          if ('push' in one) {
            queue.push(Buffer.from(one.push));
            model = Buffer.concat([model, one.push]);
          } else if ('cut' in one) {
            const size = Math.min(one.cut, model.length);
            const piece = queue.cut(0, size, size);
            expect(piece.equals(model.subarray(0, size))).toBe(true);
            given.push([piece, piece.toString('hex')]);
            model = model.subarray(size);
          } else if ('settle' in one) queue.settle(50);
          else if ('find' in one) {
            if (one.from <= model.length) {
              expect(queue.indexOf(one.find, one.from)).toBe(model.indexOf(one.find, one.from));
            }
          } else {
            expect(queue.takeRest().equals(model)).toBe(true);
            model = Buffer.alloc(0);
          }
          expect(queue.length).toBe(model.length);
          for (let at = 0; at < model.length; at++) expect(queue.byteAt(at)).toBe(model[at]);
        }
        for (const [piece, hex] of given) expect(piece.toString('hex')).toBe(hex);
      }),
    );
  });
});
