import { describe, expect, it } from 'vitest';
import type { ReadDescriptor, WriteDescriptor } from '../../src/core/descriptor.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { MemoryReactor } from '../../src/testing/memory-reactor.js';
import { TestTransportStateError } from '../../src/testing/simulation/errors.js';

class Pipe implements ReadDescriptor, WriteDescriptor {
  readonly log: string[] = [];
  error: Error | undefined;
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  fileno(): number {
    return this.#fd;
  }

  doRead(): void {
    this.log.push('read');
    if (this.error !== undefined) throw this.error;
  }

  doWrite(): void {
    this.log.push('write');
    if (this.error !== undefined) throw this.error;
  }

  connectionLost(reason: Error): void {
    this.log.push(`lost: ${reason.message}`);
    if (this.error === undefined) throw new Error('of connectionLost');
  }
}

describe('the descriptors of a memory reactor', () => {
  it('are recorded, each once', () => {
    const reactor = new MemoryReactor();
    const [one, two] = [new Pipe(3), new Pipe(4)];
    reactor.addReader(one);
    reactor.addReader(one);
    reactor.addReader(two);
    reactor.addWriter(two);
    expect(reactor.getReaders()).toEqual([one, two]);
    expect(reactor.getWriters()).toEqual([two]);
    reactor.removeReader(one);
    reactor.removeReader(one);
    reactor.removeWriter(one);
    expect([reactor.getReaders(), reactor.getWriters()]).toEqual([[two], [two]]);
  });

  it('are called if the test says that they are ready', () => {
    const reactor = new MemoryReactor();
    const pipe = new Pipe(3);
    reactor.addReader(pipe);
    reactor.descriptorReadable(3);
    reactor.addWriter(pipe);
    reactor.descriptorWritable(3);
    reactor.descriptorReadable(3);
    expect(pipe.log).toEqual(['read', 'write', 'read']);
    reactor.removeReader(pipe);
    expect(() => reactor.descriptorReadable(3)).toThrow(TestTransportStateError);
    expect(() => reactor.descriptorWritable(4)).toThrow('descriptor 4 has no writer');
    expect(() => reactor.descriptorReadable(-1)).toThrow(RangeError);
  });

  it.each([
    ['doRead', (reactor: MemoryReactor) => reactor.descriptorReadable(3)],
    ['doWrite', (reactor: MemoryReactor) => reactor.descriptorWritable(3)],
  ])('are removed and told what %s threw, which is reported', (_name, call) => {
    using errors = captureLoggedErrors();
    const reactor = new MemoryReactor();
    const pipe = new Pipe(3);
    pipe.error = new Error('broken');
    reactor.addReader(pipe);
    reactor.addWriter(pipe);
    call(reactor);
    expect(pipe.log.at(-1)).toBe('lost: broken');
    expect([reactor.getReaders(), reactor.getWriters()]).toEqual([[], []]);
    expect(errors.flush().map(({ error }) => error)).toEqual([pipe.error]);
  });

  it('are removed and told what an asynchronous doRead rejected with', async () => {
    using errors = captureLoggedErrors();
    const reactor = new MemoryReactor();
    const pipe = new Pipe(3);
    pipe.doRead = async () => Promise.reject(new Error('broken'));
    pipe.connectionLost = async ({ message }) => Promise.reject(new Error(`lost: ${message}`));
    reactor.addReader(pipe);
    reactor.descriptorReadable(3);
    await new Promise(setImmediate);
    expect(reactor.getReaders()).toEqual([]);
    expect(errors.flush().map(({ error }) => String(error))).toEqual([
      'Error: broken',
      'Error: lost: broken',
    ]);
  });

  it('report what connectionLost throws, too', () => {
    using errors = captureLoggedErrors();
    const reactor = new MemoryReactor();
    const pipe = new Pipe(3);
    pipe.doRead = () => {
      throw 'no error' as unknown;
    };
    reactor.addReader(pipe);
    reactor.descriptorReadable(3);
    expect(errors.flush().map(({ error }) => String(error))).toEqual([
      'no error',
      'Error: of connectionLost',
    ]);
    expect(pipe.log).toEqual(['lost: no error']);
  });

  it('have to have their methods and a number', () => {
    const reactor = new MemoryReactor();
    expect(() => reactor.addReader({} as never)).toThrow(TypeError);
    expect(() => reactor.addWriter({} as never)).toThrow(TypeError);
    expect(() => reactor.addReader({ doRead() {} } as never)).toThrow(TypeError);
    expect(() => reactor.addReader(new Pipe(1.5))).toThrow(RangeError);
    expect(reactor.getReaders()).toEqual([]);
  });
});
