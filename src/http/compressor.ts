/**
 * Compression of bodies with node:zlib, which works on threads of libuv. The memory of one compressor is bounded: about 270 KiB for
 * gzip and deflate, 2 MiB for br and zstd, plus the chunks in progress.
 */
import { Readable, type Transform } from 'node:stream';
import { promisify } from 'node:util';
import {
  type BrotliOptions,
  brotliCompress,
  constants,
  createBrotliCompress,
  createDeflate,
  createGzip,
  deflate,
  gzip,
} from 'node:zlib';
import { checkChoice } from '../internal/check.js';
import { CONTENT_CODINGS, type ContentCoding } from './accept-encoding.js';
import { createZstdCompress, ZSTD_FLUSH, zstdCompress } from './zstd.js';

/** The quality at which br takes about as long as gzip, and is shorter. */
const BROTLI_QUALITY = 4;
/** Binary logarithm of the window in bytes: 256 KiB. The default of br, 4 MiB, costs several times as much memory. */
const WINDOW_LOG = 18;

/** A transform that compresses, and the argument of its `flush` with which everything before it can be decompressed. */
export interface Compressor {
  readonly transform: Transform & Zlib;
  readonly flushKind: number;
}

type Zlib = { flush(kind: number, callback?: () => void): void };

const COMPRESSORS: Readonly<Record<ContentCoding, () => Compressor>> = {
  gzip: () => ({ transform: createGzip(), flushKind: constants.Z_SYNC_FLUSH }),
  deflate: () => ({ transform: createDeflate(), flushKind: constants.Z_SYNC_FLUSH }),
  br: () => ({
    transform: createBrotliCompress(brotliOptions()),
    flushKind: constants.BROTLI_OPERATION_FLUSH,
  }),
  zstd: () => ({
    transform: createZstdCompress(WINDOW_LOG) as Transform & Zlib,
    flushKind: ZSTD_FLUSH,
  }),
};

export function makeCompressor(coding: ContentCoding): Compressor {
  return COMPRESSORS[coding]();
}

/**
 * Compresses a body that is in memory as a whole: less work than a {@link Compressor}. It must stay as it is until the promise settles.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function compressWhole(body: Uint8Array, coding: ContentCoding): Promise<Buffer> {
  checkChoice('coding', coding, CONTENT_CODINGS);
  return WHOLE_COMPRESSORS[coding](body);
}

const gzipWhole = promisify<Uint8Array, Buffer>(gzip);
const deflateWhole = promisify<Uint8Array, Buffer>(deflate);
const brotliWhole = promisify<Uint8Array, BrotliOptions, Buffer>(brotliCompress);

const WHOLE_COMPRESSORS: Readonly<Record<ContentCoding, (body: Uint8Array) => Promise<Buffer>>> = {
  gzip: (body) => gzipWhole(body),
  deflate: (body) => deflateWhole(body),
  br: (body) => brotliWhole(body, brotliOptions()),
  zstd: (body) => zstdCompress(body, WINDOW_LOG),
};

function brotliOptions(): BrotliOptions {
  return {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: WINDOW_LOG,
    },
  };
}

/**
 * Passes a source through a transform, which is made at the first request and destroyed at the end.
 * @param finished Called with the transform after its last bytes; may throw.
 */
export async function* transformed<T extends Transform>(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  makeTransform: () => T,
  finished: (transform: T) => void = () => {},
): AsyncGenerator<Buffer, void, void> {
  const transform = makeTransform();
  // One chunk at a time: a high-water mark in objects.
  const reader = Readable.from(source, { objectMode: true, highWaterMark: 1 });
  reader.once('error', (error) => transform.destroy(error));
  try {
    yield* reader.pipe(transform);
    finished(transform);
  } finally {
    transform.destroy();
    reader.destroy();
  }
}
