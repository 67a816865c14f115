/** The content of a response without its content coding, bounded against decompression bombs. */
import { Deferred } from '../../defer/deferred.js';
import { checkMaxContentBytes } from '../../protocols/http/limits.js';
import type { ReceivedFields } from '../../protocols/http/received-fields.js';
import { parseJSON } from '../client/parse-json.js';
import { contentCodingOf, type DecodableCoding, decodedBy } from '../decode-body.js';
import { DecodedBodyTooLargeError } from '../errors.js';
import type { ResponseContent } from './agent-response.js';
import { DecodedRatioError } from './errors.js';

export interface DecodingLimits {
  readonly maxDecodedBytes: number;
  readonly maxDecodedRatio: number;
}

/** Decoded content of this length is not compared with the received bytes: it is little in any case. */
const FREE_BYTES = 1024 * 1024;

/** The status of errors: a gateway answers its own client with it. */
const BAD_GATEWAY = 502;

export class DecodedContent implements ResponseContent {
  readonly isDecoded = true;
  readonly #source: ResponseContent;
  readonly #encoding: string;
  readonly #limits: DecodingLimits;

  constructor(source: ResponseContent, encoding: string, limits: DecodingLimits) {
    this.#source = source;
    this.#encoding = encoding;
    this.#limits = limits;
  }

  get trailers(): ReceivedFields | undefined {
    return this.#source.trailers;
  }

  bytes(maxBytes: number): Deferred<Buffer> {
    return this.#collect(maxBytes, (bytes) => bytes);
  }

  text(maxBytes: number): Deferred<string> {
    return this.#collect(maxBytes, (bytes) => bytes.toString());
  }

  json(maxBytes: number): Deferred<unknown> {
    return this.#collect(maxBytes, parseJSON);
  }

  /** Nothing is decoded: `maxBytes` counts the received bytes. */
  drain(maxBytes: number): Deferred<void> {
    return this.#source.drain(maxBytes);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer, undefined> {
    return this.#pieces(this.#limits.maxDecodedBytes, 'maxDecodedBytes');
  }

  discard(): void {
    this.#source.discard();
  }

  abort(): void {
    this.#source.abort();
  }

  #pieces(maxBytes: number, option: PieceLimits['option']): DecodedPieces {
    const raw = this.#source[Symbol.asyncIterator]();
    const { maxDecodedRatio } = this.#limits;
    return new DecodedPieces(raw, this.#encoding, { maxBytes, option, maxDecodedRatio });
  }

  #collect<T>(maxBytes: number, convert: (bytes: Buffer) => T): Deferred<T> {
    checkMaxContentBytes(maxBytes);
    const pieces = this.#pieces(maxBytes, 'maxBytes');
    const collected = new Deferred<T>(() => void pieces.return());
    collect(pieces).then(
      (bytes) => {
        if (!collected.fired) collected.callback(bytes as never);
      },
      (error: unknown) => {
        if (!collected.fired) collected.errback(error);
      },
    );
    return collected.addCallback((bytes) => convert(bytes as Buffer) as never) as Deferred<T>;
  }
}

interface PieceLimits {
  readonly maxBytes: number;
  /** The name of `maxBytes`. */
  readonly option: 'maxBytes' | 'maxDecodedBytes';
  readonly maxDecodedRatio: number;
}

/** Iterates over decoded pieces. Nothing is read before the first is requested. */
class DecodedPieces implements AsyncIterableIterator<Buffer, undefined> {
  readonly #raw: AsyncIterableIterator<Buffer, undefined>;
  readonly #decoded: AsyncGenerator<Buffer, undefined, void>;

  constructor(
    raw: AsyncIterableIterator<Buffer, undefined>,
    encoding: string,
    limits: PieceLimits,
  ) {
    this.#raw = raw;
    this.#decoded = decode(raw, encoding, limits);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Buffer, undefined>> {
    return this.#decoded.next();
  }

  /** The source is left first: a piece that is awaited then ends. */
  async return(): Promise<IteratorResult<Buffer, undefined>> {
    await this.#raw.return?.();
    return this.#decoded.return(undefined);
  }
}

async function* decode(
  raw: AsyncIterableIterator<Buffer, undefined>,
  encoding: string,
  limits: PieceLimits,
): AsyncGenerator<Buffer, undefined, void> {
  const counts = new PieceCounts(limits);
  try {
    const first = await raw.next();
    // Servers announce codings of content that is empty.
    if (first.done === true) return undefined;
    const begin = first.value;
    const kind = kindOf(contentCodingOf(encoding, BAD_GATEWAY), begin);
    async function* counted(): AsyncGenerator<Buffer, void, void> {
      counts.received(begin);
      yield begin;
      for await (const piece of raw) {
        counts.received(piece);
        yield piece;
      }
    }
    for await (const piece of decodedBy(counted(), kind, BAD_GATEWAY)) {
      counts.decoded(piece);
      yield piece as Buffer;
    }
    return undefined;
  } finally {
    await raw.return?.();
  }
}

/** Counts the bytes of content, received and decoded. */
class PieceCounts {
  readonly #limits: PieceLimits;
  #received = 0;
  #decoded = 0;

  constructor(limits: PieceLimits) {
    this.#limits = limits;
  }

  /** Coded bytes may decode to nothing, for ever: empty blocks, or a field of the header that does not end. */
  received({ length }: Uint8Array): void {
    this.#received += length;
    if (this.#received > 2 * this.#limits.maxBytes + FREE_BYTES) throw this.#tooLarge();
  }

  decoded({ length }: Uint8Array): void {
    const { maxBytes, maxDecodedRatio } = this.#limits;
    this.#decoded += length;
    if (this.#decoded > maxBytes) throw this.#tooLarge();
    if (this.#decoded > FREE_BYTES && this.#decoded > maxDecodedRatio * this.#received) {
      throw new DecodedRatioError(maxDecodedRatio);
    }
  }

  #tooLarge(): Error {
    const { maxBytes, option } = this.#limits;
    return new DecodedBodyTooLargeError(maxBytes, option, BAD_GATEWAY);
  }
}

/** Some servers send `deflate` without the wrapping of zlib, which begins with a method of 8 and a window of up to 32 KiB. */
function kindOf(coding: DecodableCoding, begin: Buffer): DecodableCoding {
  const [octet = 0] = begin;
  const isWrapped = (octet & 0x0f) === 8 && octet >> 4 <= 7;
  return coding === 'deflate' && !isWrapped ? 'deflate-raw' : coding;
}

async function collect(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}
