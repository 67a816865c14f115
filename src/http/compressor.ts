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
  type ZlibOptions,
} from 'node:zlib';
import { checkBoolean, checkChoice } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { CONTENT_CODINGS, type ContentCoding } from './accept-encoding.js';
import { createZstdCompress, zstdCompress } from './zstd.js';

export interface CompressOptions {
  /**
   * Whether everything that has been read from the source can be decompressed by the peer at once, at the cost of some bytes for each
   * chunk: for streams of events. Default false.
   */
  readonly flush?: boolean | undefined;
}

const OPTIONS: OptionNames<CompressOptions> = { flush: true };

/** The quality at which br takes about as long as gzip, and is shorter. */
const BROTLI_QUALITY = 4;
/** Binary logarithm of the window in bytes: 256 KiB. The default of br, 4 MiB, costs several times as much memory. */
const WINDOW_LOG = 18;

/**
 * Compresses the bytes of a source. The source is read only as fast as the result is consumed. If the consumer stops early, or the
 * source fails, the other one is ended too.
 *
 * @param source Its chunks must stay as they are until the next one is requested: copy lent bytes.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function compress(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  coding: ContentCoding,
  options: CompressOptions = {},
): AsyncGenerator<Buffer, void, void> {
  checkOptions('compress', options, OPTIONS);
  const flush = checkBoolean('flush', options.flush ?? false);
  checkChoice('coding', coding, CONTENT_CODINGS);
  return transformed(source, () => COMPRESSORS[coding](flush));
}

const COMPRESSORS: Readonly<Record<ContentCoding, (flush: boolean) => Transform>> = {
  gzip: (flush) => createGzip(zlibOptions(flush)),
  deflate: (flush) => createDeflate(zlibOptions(flush)),
  br: (flush) => createBrotliCompress(brotliOptions(flush)),
  zstd: (flush) => createZstdCompress(flush, WINDOW_LOG),
};

/**
 * Compresses a body that is in memory as a whole: less work than {@link compress}. It must stay as it is until the promise settles.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function compressWhole(body: Uint8Array, coding: ContentCoding): Promise<Buffer> {
  checkChoice('coding', coding, CONTENT_CODINGS);
  return WHOLE_COMPRESSORS[coding](body);
}

const gzipWhole = promisify<Uint8Array, ZlibOptions, Buffer>(gzip);
const deflateWhole = promisify<Uint8Array, ZlibOptions, Buffer>(deflate);
const brotliWhole = promisify<Uint8Array, BrotliOptions, Buffer>(brotliCompress);

const WHOLE_COMPRESSORS: Readonly<Record<ContentCoding, (body: Uint8Array) => Promise<Buffer>>> = {
  gzip: (body) => gzipWhole(body, zlibOptions(false)),
  deflate: (body) => deflateWhole(body, zlibOptions(false)),
  br: (body) => brotliWhole(body, brotliOptions(false)),
  zstd: (body) => zstdCompress(body, WINDOW_LOG),
};

function zlibOptions(flush: boolean): ZlibOptions {
  return { flush: flush ? constants.Z_SYNC_FLUSH : constants.Z_NO_FLUSH };
}

function brotliOptions(flush: boolean): BrotliOptions {
  return {
    flush: flush ? constants.BROTLI_OPERATION_FLUSH : constants.BROTLI_OPERATION_PROCESS,
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
