import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ConnectionLost } from '../../src/core/errors/connection.js';
import type { Consumer, PullProducer } from '../../src/core/producer.js';
import { CancelledError } from '../../src/defer/errors.js';
import { TransferStoppedError } from '../../src/framing/errors.js';
import { FileSender, type FileSenderOptions } from '../../src/framing/file-sender.js';
import type { SendSource } from '../../src/framing/send-source.js';
import { countGiven } from '../../src/internal/given-memory.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { MemoryTransport } from '../../src/testing/memory-transport.js';
import { Pulse } from '../support/deadline.js';

vi.mock('../../src/internal/given-memory.js', { spy: true });

const CONTENT = Buffer.from(Array.from({ length: 1000 }, (_, i) => i & 255));

let folder = '';
let path = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ropewalk-'));
  path = join(folder, 'content');
  await writeFile(path, CONTENT);
});

afterAll(() => rm(folder, { recursive: true }));

/** A consumer that asks when the test says so. */
class Asking implements Consumer {
  readonly pulse: Pulse = new Pulse();
  readonly pieces: Buffer[] = [];
  producer: PullProducer | undefined = undefined;

  registerProducer(producer: PullProducer): void {
    this.producer = producer;
  }

  unregisterProducer(): void {
    this.producer = undefined;
    this.pulse.notify();
  }

  write(data: Uint8Array | string): void {
    this.pieces.push(Buffer.from(data as string));
    this.pulse.notify();
  }

  ask(): void {
    this.producer?.resumeProducing();
  }

  async until(pieces: number): Promise<void> {
    const met = (): boolean => this.pieces.length >= pieces;
    await this.pulse.until(met, `${pieces} pieces; there are ${this.pieces.length}`);
  }
}

/** Gives pieces one by one, and says what became of it. */
class Source implements AsyncIterable<string> {
  reads = 0;
  closed = false;
  readonly #pieces: readonly string[];

  constructor(...pieces: string[]) {
    this.#pieces = pieces;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    try {
      for (const piece of this.#pieces) {
        this.reads += 1;
        yield piece;
      }
    } finally {
      this.closed = true;
    }
  }
}

/** A turn of everything that promises and generators do. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Sends to a transport whose peer reads all. */
async function sendAll(source: SendSource, options?: FileSenderOptions): Promise<[number, Buffer]> {
  const transport = new MemoryTransport();
  let ended = false;
  const sending = new FileSender(options).beginFileTransfer(source, transport).addBoth((result) => {
    ended = true;
    return result;
  });
  const answer = sending.toPromise();
  while (!ended) {
    transport.settle();
    await settled();
  }
  const bytes = await answer;
  expect(transport.registeredProducer).toBeUndefined();
  return [bytes, transport.written];
}

describe('FileSender', () => {
  it('sends the file of a path or a URL', async () => {
    expect(await sendAll(path)).toEqual([1000, CONTENT]);
    expect(await sendAll(pathToFileURL(path))).toEqual([1000, CONTENT]);
    expect(await sendAll(path, { chunkBytes: 7 })).toEqual([1000, CONTENT]);
  });

  it('counts the memory of its pieces, so that it is freed in time', async () => {
    vi.mocked(countGiven).mockClear();
    await sendAll(path, { chunkBytes: 600 });
    // The last read finds the end.
    expect(vi.mocked(countGiven).mock.calls).toEqual([[600], [600], [600]]);
  });

  it('sends an open file from its current position, and closes it', async () => {
    const file = await open(path);
    await file.read(Buffer.alloc(100), 0, 100, null);
    expect(await sendAll(file)).toEqual([900, CONTENT.subarray(100)]);
    expect(file.fd).toBe(-1);
  });

  it.each([
    ['a Readable', () => Readable.from(['one', '', 'two'])],
    ['a web stream', () => new Blob(['one', 'two']).stream()],
    ['an async generator', () => new Source('one', '', 'two')],
  ])('sends %s', async (_name, make) => {
    const [bytes, written] = await sendAll(make() as SendSource);
    expect([bytes, written.toString()]).toEqual([6, 'onetwo']);
  });

  it('sends nothing of an empty source', async () => {
    expect(await sendAll(new Source())).toEqual([0, Buffer.alloc(0)]);
    const empty = join(folder, 'empty');
    await writeFile(empty, '');
    expect(await sendAll(empty)).toEqual([0, Buffer.alloc(0)]);
  });

  it('reads files in pieces of 64 KiB by default', async () => {
    const big = join(folder, 'big');
    await writeFile(big, Buffer.alloc(100_000, 'x'));
    const consumer = new Asking();
    const sending = new FileSender().beginFileTransfer(big, consumer);
    consumer.ask();
    await consumer.until(1);
    consumer.ask();
    await consumer.until(2);
    expect(consumer.pieces.map(({ length }) => length)).toEqual([65_536, 100_000 - 65_536]);
    expect(await sending).toBe(100_000);
  });

  it('gives a piece only when it is asked, and reads one ahead', async () => {
    const consumer = new Asking();
    const source = new Source('one', 'two', 'three');
    const sending = new FileSender().beginFileTransfer(source, consumer);
    await settled();
    expect([source.reads, consumer.pieces.length]).toEqual([0, 0]);
    consumer.ask();
    consumer.ask();
    await settled();
    expect([source.reads, consumer.pieces.length]).toEqual([2, 1]);
    await settled();
    expect([source.reads, consumer.pieces.length]).toEqual([2, 1]);
    consumer.ask();
    expect(consumer.pieces.length).toBe(2);
    await settled();
    consumer.ask();
    expect(await sending).toBe(11);
    expect(consumer.producer).toBeUndefined();
    expect(source.closed).toBe(true);
  });

  it('lets the transport set the pace', async () => {
    const transport = new MemoryTransport({ capacity: 10 });
    const sending = new FileSender({ chunkBytes: 100 }).beginFileTransfer(path, transport);
    let most = 0;
    while (!sending.fired) {
      transport.drain(30);
      most = Math.max(most, transport.bufferedBytes);
      await settled();
    }
    expect(transport.written).toEqual(CONTENT);
    expect(most).toBeLessThanOrEqual(100);
    expect(await sending).toBe(1000);
  });

  it('holds a closing connection open until all is sent', async () => {
    const transport = new MemoryTransport();
    const sending = new FileSender({ chunkBytes: 100 }).beginFileTransfer(path, transport);
    transport.loseConnection();
    while (!sending.fired) {
      transport.settle();
      await settled();
    }
    transport.settle();
    expect(transport.written).toEqual(CONTENT);
    expect(transport.connected).toBe(false);
    expect(await sending).toBe(1000);
  });

  it('sends the transformed pieces, and skips those that become empty', async () => {
    const consumer = new Asking();
    const upper = (piece: Uint8Array | string): string => {
      const text = String(piece);
      return text === 'two' ? '' : text.toUpperCase();
    };
    const source = new Source('one', 'two', 'dreißig');
    const sending = new FileSender().beginFileTransfer(source, consumer, upper);
    consumer.ask();
    await consumer.until(1);
    consumer.ask();
    await consumer.until(2);
    expect(await sending).toBe(11);
    expect(consumer.pieces.map(String)).toEqual(['ONE', 'DREISSIG']);
  });

  it('fails with the error of opening', async () => {
    const transport = new MemoryTransport();
    const sending = new FileSender().beginFileTransfer(join(folder, 'none'), transport);
    await expect(sending.toPromise()).rejects.toMatchObject({ code: 'ENOENT' });
    expect(transport.registeredProducer).toBeUndefined();
    expect(transport.connected).toBe(true);
  });

  it('fails with the error of reading, and closes the file', async () => {
    const file = await open(join(folder, 'write-only'), 'w');
    const transport = new MemoryTransport();
    const sending = new FileSender().beginFileTransfer(file, transport);
    await expect(sending.toPromise()).rejects.toMatchObject({ code: 'EBADF' });
    expect(transport.registeredProducer).toBeUndefined();
    await settled();
    expect(file.fd).toBe(-1);
  });

  it.each<[string, unknown]>([
    ['throws', () => Promise.reject(new Error('boom'))],
    ['gives what is neither bytes nor text', async () => ({ done: false, value: 5 })],
  ])('fails where an iterable %s', async (_what, next) => {
    const source = { [Symbol.asyncIterator]: () => ({ next }) } as AsyncIterable<string>;
    const transport = new MemoryTransport();
    const sending = new FileSender().beginFileTransfer(source, transport);
    await expect(sending.toPromise()).rejects.toThrow(/boom|Uint8Array/);
    expect(transport.registeredProducer).toBeUndefined();
  });

  it('fails with the error of a transformation, and closes the source', async () => {
    const transport = new MemoryTransport();
    const source = new Source('one');
    const sending = new FileSender().beginFileTransfer(source, transport, () => {
      throw new Error('boom');
    });
    await expect(sending.toPromise()).rejects.toThrow('boom');
    await settled();
    expect(transport.registeredProducer).toBeUndefined();
    expect(source.closed).toBe(true);
  });

  it('fails with TransferStoppedError if the connection is lost, and closes the source', async () => {
    const transport = new MemoryTransport({ capacity: 1 });
    const source = new Source('one', 'two', 'three');
    const sending = new FileSender().beginFileTransfer(source, transport);
    const answer = sending.toPromise();
    await settled();
    transport.peerResets();
    await expect(answer).rejects.toEqual(new TransferStoppedError(3));
    await expect(answer).rejects.toBeInstanceOf(ConnectionLost);
    await expect(answer).rejects.toMatchObject({ code: 'ERR_TRANSFER_STOPPED', bytesSent: 3 });
    await settled();
    expect(source.closed).toBe(true);
  });

  it('fails at once on a connection that is gone, and closes the file', async () => {
    const transport = new MemoryTransport();
    transport.peerResets();
    const file = await open(path);
    const sending = new FileSender().beginFileTransfer(file, transport);
    await expect(sending.toPromise()).rejects.toBeInstanceOf(TransferStoppedError);
    await settled();
    expect(file.fd).toBe(-1);
    const unopened = new FileSender().beginFileTransfer(path, transport);
    await expect(unopened.toPromise()).rejects.toBeInstanceOf(TransferStoppedError);
    const untouched = new Source('one');
    const unread = new FileSender().beginFileTransfer(untouched, transport);
    await expect(unread.toPromise()).rejects.toBeInstanceOf(TransferStoppedError);
    expect(untouched.reads).toBe(0);
  });

  it('stops when it is cancelled, destroys a stream that gives nothing, and stops once', async () => {
    const transport = new MemoryTransport();
    const source = new Readable({ read() {} });
    const sending = new FileSender().beginFileTransfer(source, transport);
    const producer = transport.registeredProducer;
    await settled();
    sending.cancel();
    await expect(sending.toPromise()).rejects.toBeInstanceOf(CancelledError);
    expect(transport.registeredProducer).toBeUndefined();
    expect(source.destroyed).toBe(true);
    producer?.stopProducing();
    producer?.resumeProducing();
    await settled();
    expect(transport.written).toHaveLength(0);
  });

  it('drops a piece that comes after it was cancelled', async () => {
    let give: (result: IteratorResult<string>) => void = () => {};
    const next = (): Promise<IteratorResult<string>> =>
      new Promise((resolve) => {
        give = resolve;
      });
    const source = { [Symbol.asyncIterator]: () => ({ next }) };
    const transport = new MemoryTransport();
    const sending = new FileSender().beginFileTransfer(source, transport);
    await settled();
    sending.cancel();
    give({ done: false, value: 'late' });
    await expect(sending.toPromise()).rejects.toBeInstanceOf(CancelledError);
    expect(transport.written).toHaveLength(0);
  });

  it('closes a file that was still being opened when it was cancelled', async () => {
    const transport = new MemoryTransport();
    const sending = new FileSender().beginFileTransfer(path, transport);
    sending.cancel();
    await expect(sending.toPromise()).rejects.toBeInstanceOf(CancelledError);
    expect(transport.written).toHaveLength(0);
  });

  it('reports errors of closing the source', async () => {
    using errors = captureLoggedErrors();
    const failure = new Error('will not close');
    const source: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: 'more' }),
        return: () => Promise.reject(failure),
      }),
    };
    const transport = new MemoryTransport();
    const sending = new FileSender().beginFileTransfer(source, transport);
    await settled();
    sending.cancel();
    await expect(sending.toPromise()).rejects.toBeInstanceOf(CancelledError);
    await settled();
    expect(errors.flush()).toEqual([{ error: failure, where: 'closing the source of a transfer' }]);
  });

  it('does not touch the source if the consumer has a producer', async () => {
    const transport = new MemoryTransport();
    const first = new FileSender().beginFileTransfer(new Readable({ read() {} }), transport);
    const file = await open(path);
    expect(() => new FileSender().beginFileTransfer(file, transport)).toThrow(
      expect.objectContaining({ code: 'ERR_PRODUCER_REGISTERED' }),
    );
    expect(file.fd).toBeGreaterThan(0);
    await file.close();
    first.cancel();
    await expect(first.toPromise()).rejects.toBeInstanceOf(CancelledError);
  });

  it('refuses sources that it cannot send, and invalid options', () => {
    const transport = new MemoryTransport();
    const sender = new FileSender();
    for (const source of [5, null, undefined, {}, { fd: 3 }, [1, 2]]) {
      expect(() => sender.beginFileTransfer(source as unknown as string, transport)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      );
    }
    expect(() => sender.beginFileTransfer(path, transport, 'x' as never)).toThrow(TypeError);
    expect(() => new FileSender({ chunkBytes: 0 })).toThrow(RangeError);
    expect(() => new FileSender({ chunkBytes: '1' as unknown as number })).toThrow(TypeError);
  });
});
