import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentValueError } from '../../src/core/errors/arguments.js';
import { CONTENT_CODINGS, type ContentCoding } from '../../src/http/accept-encoding.js';
import { compressWhole, makeCompressor, transformed } from '../../src/http/compressor.js';

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

describe.each(CONTENT_CODINGS)('compression with %s', (coding) => {
  it('compresses a body as a whole', async () => {
    for (const text of ['', 'hello '.repeat(20_000)]) {
      const compressed = await compressWhole(Buffer.from(text), coding);
      expect(DECOMPRESS[coding](compressed).toString()).toBe(text);
      expect(compressed.length).toBeLessThan(text.length / 10 + 30);
    }
  });

  it('compresses nothing, and several pieces, to a valid stream', async () => {
    for (const pieces of [[], ['hello '.repeat(10_000), 'hello '.repeat(10_000)]]) {
      const source = pieces.map((piece) => Buffer.from(piece));
      const stream = transformed(source, () => makeCompressor(coding).transform);
      const compressed = await gather(stream);
      expect(DECOMPRESS[coding](compressed).toString()).toBe(pieces.join(''));
      expect(compressed.length).toBeLessThan(12_000);
    }
  });

  it('refuses unknown codings', () => {
    expect(() => compressWhole(Buffer.of(1), 'x' as never)).toThrow(InvalidArgumentValueError);
  });
});
