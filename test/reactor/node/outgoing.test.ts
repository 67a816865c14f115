import { describe, expect, it } from 'vitest';
import { LARGE_WRITE_BYTES } from '../../../src/core/transport.js';
import { Outgoing, type OutgoingOwner } from '../../../src/reactor/node/outgoing.js';
import { patterned } from '../../support/pairs.js';

class Owner implements OutgoingOwner {
  readonly parts: Uint8Array[] = [];
  readonly failures: unknown[] = [];
  flushed = 0;
  whenFlushed: (() => void) | undefined = undefined;

  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }

  queue(part: Uint8Array): void {
    this.parts.push(part);
  }

  flush(): void {
    this.flushed += 1;
    this.whenFlushed?.();
  }

  flushFailed(error: unknown): void {
    this.failures.push(error);
  }
}

describe('Outgoing', () => {
  it('makes one buffer of consecutive writes of one owner', () => {
    const outgoing = new Outgoing();
    const owner = new Owner();
    for (let i = 0; i < 100; i++) outgoing.add(owner, Buffer.from('x'));
    expect(outgoing.addText(owner, '€')).toBe(3);
    outgoing.closeRun();
    expect(owner.parts).toHaveLength(1);
    expect(owner.bytes.toString()).toBe(`${'x'.repeat(100)}€`);
  });

  it('notifies the owner whose data could not be sent, and continues with the others', () => {
    const outgoing = new Outgoing();
    const [broken, sound] = [new Owner(), new Owner()];
    const failure = new Error('gone');
    broken.whenFlushed = () => {
      throw failure;
    };
    outgoing.schedule(broken);
    outgoing.schedule(sound);
    outgoing.flush();
    expect(broken.failures).toEqual([failure]);
    expect(sound.flushed).toBe(1);
  });

  it('keeps the order among small and large data and text', () => {
    const outgoing = new Outgoing();
    const owner = new Owner();
    const large = patterned(LARGE_WRITE_BYTES);
    const longText = 'ü'.repeat(LARGE_WRITE_BYTES);
    outgoing.add(owner, Buffer.from('one'));
    outgoing.add(owner, large);
    outgoing.addText(owner, 'two');
    expect(outgoing.addText(owner, longText)).toBe(2 * LARGE_WRITE_BYTES);
    outgoing.add(owner, Buffer.from('three'));
    outgoing.closeRun();
    const expected = [Buffer.from('one'), large, Buffer.from(`two${longText}three`)];
    expect(owner.bytes.equals(Buffer.concat(expected))).toBe(true);
    expect(owner.parts[1]).toBe(large);
  });

  it('copies small data, so that its bytes may be changed', () => {
    const outgoing = new Outgoing();
    const owner = new Owner();
    const data = Buffer.from('before');
    outgoing.add(owner, data);
    data.write('after!');
    outgoing.closeRun();
    expect(owner.bytes.toString()).toBe('before');
  });

  it('keeps owners apart whose writes alternate', () => {
    const outgoing = new Outgoing();
    const owners = [new Owner(), new Owner()] as const;
    for (let i = 0; i < 10; i++) {
      outgoing.add(owners[0], Buffer.from(`a${i}`));
      outgoing.addText(owners[1], `b${i}`);
    }
    outgoing.closeRun();
    expect(owners[0].bytes.toString()).toBe('a0a1a2a3a4a5a6a7a8a9');
    expect(owners[1].bytes.toString()).toBe('b0b1b2b3b4b5b6b7b8b9');
  });

  it('never writes again to bytes that it gave', () => {
    const outgoing = new Outgoing();
    const owner = new Owner();
    const expected: Buffer[] = [];
    for (let i = 0; i < 300; i++) {
      const data = patterned(1 + ((i * 7919) % 3000), i + 1);
      expected.push(data);
      outgoing.add(owner, data);
      if (i % 3 === 0) outgoing.closeRun();
    }
    outgoing.closeRun();
    expect(owner.bytes.equals(Buffer.concat(expected))).toBe(true);
  });

  it('gives no empty parts', () => {
    const outgoing = new Outgoing();
    const owner = new Owner();
    outgoing.add(owner, new Uint8Array(0));
    expect(outgoing.addText(owner, '')).toBe(0);
    outgoing.closeRun();
    expect(owner.parts).toEqual([]);
  });

  it('flushes each scheduled owner once, those that are scheduled meanwhile the next time', () => {
    const outgoing = new Outgoing();
    const owner = new Owner();
    expect(outgoing.schedule(owner)).toBe(true);
    expect(outgoing.schedule(new Owner())).toBe(false);
    owner.whenFlushed = () => expect(outgoing.schedule(owner)).toBe(true);
    outgoing.flush();
    expect(owner.flushed).toBe(1);
    owner.whenFlushed = undefined;
    outgoing.flush();
    outgoing.flush();
    expect(owner.flushed).toBe(2);
  });
});
