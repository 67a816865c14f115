import { randomBytes } from 'node:crypto';
import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import { CONTENT_CODINGS, type ContentCoding } from '../../src/http/accept-encoding.js';
import { compress, compressWhole } from '../../src/http/compressor.js';
import { unknownOptionOf } from '../support/unknown-option.js';

type Decompress = (bytes: Buffer) => Buffer;

const DECOMPRESS: Readonly<Record<ContentCoding, Decompress>> = {
  gzip: (bytes) => zlib.gunzipSync(bytes),
  deflate: (bytes) => zlib.inflateSync(bytes),
  br: (bytes) => zlib.brotliDecompressSync(bytes),
  zstd: (bytes) =>
    (zlib as unknown as { zstdDecompressSync: Decompress }).zstdDecompressSync(bytes),
};

async function gather(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A source that counts its chunks and knows whether it was ended. */
function counting(
  chunk: Buffer,
  count: number,
): AsyncIterable<Buffer> & { read: number; ended: boolean } {
  const source = {
    read: 0,
    ended: false,
    async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
      try {
        while (source.read < count) {
          source.read++;
          yield chunk;
        }
      } finally {
        source.ended = true;
      }
    },
  };
  return source;
}

describe.each(CONTENT_CODINGS)('compress with %s', (coding) => {
  it('returns what decompresses to the source', async () => {
    const text = Buffer.from('hello '.repeat(20_000));
    const compressed = await gather(compress([text.subarray(0, 7), text.subarray(7)], coding));
    expect(DECOMPRESS[coding](compressed).equals(text)).toBe(true);
    expect(compressed.length).toBeLessThan(text.length / 10);
  });

  it('compresses a body as a whole', async () => {
    for (const text of ['', 'hello '.repeat(20_000)]) {
      const compressed = await compressWhole(Buffer.from(text), coding);
      expect(DECOMPRESS[coding](compressed).toString()).toBe(text);
      expect(compressed.length).toBeLessThan(text.length / 10 + 30);
    }
  });

  it('compresses nothing to a valid stream', async () => {
    expect(DECOMPRESS[coding](await gather(compress([], coding)))).toEqual(Buffer.alloc(0));
  });

  it('flushes each chunk if asked to', async () => {
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    async function* events(): AsyncGenerator<Buffer, void, void> {
      yield Buffer.from('data: one\n\n');
      await released;
      yield Buffer.from('data: two\n\n');
    }
    const stream = compress(events(), coding, { flush: true });
    // The second event does not arrive before this: without a flush there would be nothing.
    const first = await stream.next();
    release();
    const rest = await gather(stream);
    const whole = Buffer.concat([first.value ?? Buffer.alloc(0), rest]);
    expect(DECOMPRESS[coding](whole).toString()).toBe('data: one\n\ndata: two\n\n');
    expect(first.done).toBe(false);
  });

  it('reads no faster than the result is consumed, and ends the source with the consumer', async () => {
    const source = counting(randomBytes(65_536), 1000);
    const stream = compress(source, coding);
    for (let i = 0; i < 10; i++) await stream.next();
    expect(source.read).toBeLessThan(50);
    await stream.return();
    expect(source.ended).toBe(true);
  });

  it('fails with the error of the source', async () => {
    const fault = new Error('the disk is gone');
    async function* source(): AsyncGenerator<Buffer, void, void> {
      yield Buffer.alloc(10);
      throw fault;
    }
    await expect(gather(compress(source(), coding))).rejects.toBe(fault);
  });
});

describe('compress', () => {
  it('checks its arguments', async () => {
    expect(() => compress([], 'compress' as never)).toThrow(InvalidArgumentValueError);
    expect(() => compressWhole(Buffer.of(1), 'x' as never)).toThrow(InvalidArgumentValueError);
    expect(() => compress([], 'gzip', { flush: 1 as never })).toThrow(InvalidArgumentTypeError);
    const error = await unknownOptionOf(() => compress([], 'gzip', { nonsense: 1 } as never));
    expect(error.known).toEqual(['flush']);
  });
});
