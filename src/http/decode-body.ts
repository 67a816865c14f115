/** Decoding of request bodies by their Content-Encoding, with a limit of the decoded length against decompression bombs. */
import {
  type BrotliDecompress,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  type Gunzip,
  type Inflate,
  type InflateRaw,
} from 'node:zlib';
import { checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { CONTENT_CODINGS, type ContentCoding } from './accept-encoding.js';
import { transformed } from './compressor.js';
import {
  DecodedBodyTooLargeError,
  InvalidContentCodingError,
  UnsupportedContentCodingError,
} from './errors.js';
import { splitOutsideQuotes } from './field-values.js';
import { createZstdDecompress } from './zstd.js';
import { ZstdFrames } from './zstd-frames.js';

export interface DecodeBodyOptions {
  /** Most bytes after decoding: 1 to 2^53 - 1. Default 1 MiB. */
  readonly maxBytes?: number | undefined;
}

const OPTIONS: OptionNames<DecodeBodyOptions> = { maxBytes: true };
const DEFAULT_MAX_BYTES = 1024 * 1024;
/** RFC 8878 section 3.1.1.1.2: decoders should support at least 8 MiB, and protect themselves against more. */
const ZSTD_WINDOW_LOG = 23;

type Decompressor = Gunzip | Inflate | InflateRaw | BrotliDecompress;

/** `deflate-raw`: the form of `deflate` that some servers send (RFC 9110 section 8.4.1.2). */
export type DecodableCoding = ContentCoding | 'deflate-raw' | 'identity';

const DECOMPRESSORS: Readonly<Record<Exclude<DecodableCoding, 'identity'>, () => Decompressor>> = {
  gzip: () => createGunzip(),
  deflate: () => createInflate(),
  'deflate-raw': () => createInflateRaw(),
  br: () => createBrotliDecompress(),
  zstd: () => createZstdDecompress(ZSTD_WINDOW_LOG),
};

/**
 * The coding of a body: `identity` if it has none.
 * @param status Of the error: 415 for the body of a request.
 * @throws UnsupportedContentCodingError Codings of codings are refused: each could multiply the length by 1,000.
 */
export function contentCodingOf(
  contentEncoding: string | undefined,
  status = 415,
): ContentCoding | 'identity' {
  const codings = splitOutsideQuotes(contentEncoding ?? '', ',').map((name) => name.toLowerCase());
  const named = codings.filter((coding) => coding !== 'identity');
  const [first] = named;
  if (first === undefined) return 'identity';
  const coding = CONTENT_CODINGS.find((name) => name === (first === 'x-gzip' ? 'gzip' : first));
  if (coding === undefined || named.length > 1) {
    throw new UnsupportedContentCodingError(
      contentEncoding ?? '',
      CONTENT_CODINGS.join(', '),
      status,
    );
  }
  return coding;
}

/**
 * Decodes a body. At no time is more decoded than the consumer has taken plus two chunks of 16 KiB, and no more than `maxBytes`
 * are returned. The source is read only as fast as the result is consumed. The decompressor itself needs the window of the coding:
 * 32 KiB for gzip and deflate, up to 8 MiB for zstd and 16 MiB for br, which it fills only with decoded bytes.
 *
 * @param source Its chunks must stay as they are until the next one is requested: copy lent bytes.
 * @param contentEncoding The Content-Encoding field of the request.
 * @throws UnsupportedContentCodingError, and for wrong options InvalidArgumentTypeError, InvalidArgumentValueError and
 *   UnknownOptionError, at once.
 * @throws DecodedBodyTooLargeError, InvalidContentCodingError When they are found, and so does the source's own error.
 */
export function decodeBody(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  contentEncoding: string | undefined,
  options: DecodeBodyOptions = {},
): AsyncGenerator<Uint8Array, void, void> {
  checkOptions('decodeBody', options, OPTIONS);
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  checkInteger('maxBytes', maxBytes, 1, Number.MAX_SAFE_INTEGER);
  const coding = contentCodingOf(contentEncoding);
  return limited(decodedBy(source, coding), maxBytes);
}

/**
 * Decodes without a limit: the caller counts.
 * @param status Of an InvalidContentCodingError: 400 for the body of a request.
 */
export function decodedBy(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  coding: DecodableCoding,
  status = 400,
): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  return coding === 'identity' ? source : decoded(source, coding, status);
}

async function* limited(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void, void> {
  let length = 0;
  for await (const chunk of source) {
    length += chunk.length;
    if (length > maxBytes) throw new DecodedBodyTooLargeError(maxBytes);
    yield chunk;
  }
}

async function* decoded(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  coding: Exclude<DecodableCoding, 'identity'>,
  status: number,
): AsyncGenerator<Uint8Array, void, void> {
  let received = 0;
  const frames = coding === 'zstd' ? new ZstdFrames() : undefined;
  async function* counted(): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of source) {
      received += chunk.length;
      frames?.receive(chunk);
      yield chunk;
    }
  }
  try {
    yield* transformed(counted(), DECOMPRESSORS[coding], ({ bytesWritten }) => {
      // Node stops silently at the end of the compressed data.
      if (bytesWritten !== received) {
        throw new InvalidContentCodingError(coding, 'other bytes follow it', {}, status);
      }
      if (frames?.isComplete === false) {
        throw new InvalidContentCodingError(coding, 'it is truncated', {}, status);
      }
    });
  } catch (error) {
    throw isCodingFault(error)
      ? new InvalidContentCodingError(coding, error.message, { cause: error }, status)
      : error;
  }
}

/** Errors of node:zlib have the code of zlib, brotli or zstd. */
function isCodingFault(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^(?:Z_|ERR_?_?BROTLI|ERR__ERROR_|BROTLI|ZSTD_)/.test(code);
}
