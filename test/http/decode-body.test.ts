import { randomBytes } from 'node:crypto';
import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentValueError } from '../../src/core/errors/arguments.js';
import { CONTENT_CODINGS, type ContentCoding, HAS_ZSTD } from '../../src/http/accept-encoding.js';
import { compressWhole, makeCompressor, transformed } from '../../src/http/compressor.js';
import { contentCodingOf, decodeBody } from '../../src/http/decode-body.js';
import {
  DecodedBodyTooLargeError,
  InvalidContentCodingError,
  UnsupportedContentCodingError,
} from '../../src/http/errors.js';
import { createZstdCompress } from '../../src/http/zstd.js';
import { everySplit } from '../../src/testing/every-split.js';
import { unknownOptionOf } from '../support/unknown-option.js';

async function gather(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const encode = (text: string | Buffer, coding: ContentCoding): Promise<Buffer> =>
  compressWhole(Buffer.from(text), coding);

describe('contentCodingOf', () => {
  it.each([
    [undefined, 'identity'],
    ['', 'identity'],
    ['identity', 'identity'],
    ['gzip', 'gzip'],
    ['X-GZIP', 'gzip'],
    ['identity, br', 'br'],
    ['deflate', 'deflate'],
  ])('%j: %s', (field, coding) => {
    expect(contentCodingOf(field)).toBe(coding);
  });

  it.each(['compress', 'gzip, gzip', 'gzip, br', 'gzip;q=1'])('refuses %j with 415', (field) => {
    try {
      contentCodingOf(field);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(UnsupportedContentCodingError);
      expect(error).toMatchObject({ status: 415, acceptEncoding: CONTENT_CODINGS.join(', ') });
    }
  });
});

describe.each(CONTENT_CODINGS)('decodeBody of %s', (coding) => {
  it('decodes, however the body is cut', async () => {
    const body = await encode('hello, hello, hello', coding);
    for (const chunks of everySplit(body)) {
      expect((await gather(decodeBody(chunks, coding))).toString()).toBe('hello, hello, hello');
    }
  });

  it.each([
    ['malformed', async () => Buffer.from('this is not compressed at all')],
    ['truncated', async () => (await encode('hello', coding)).subarray(0, -1)],
    ['empty', async () => Buffer.alloc(0)],
    [
      'followed by other bytes',
      async () => Buffer.concat([await encode('hello', coding), Buffer.from('x')]),
    ],
  ])('refuses a body with 400 that is %s', async (_name, body) => {
    for (const chunks of everySplit(await body())) {
      const error = await gather(decodeBody(chunks, coding)).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(InvalidContentCodingError);
      expect(error).toMatchObject({ status: 400, coding });
    }
  });

  it('refuses a decompression bomb with 413 at the limit', async () => {
    const zeros = Array.from({ length: 64 }, () => Buffer.alloc(1_000_000));
    const bomb = await gather(transformed(zeros, () => makeCompressor(coding).transform));
    let decoded = 0;
    const maxBytes = 100_000;
    const decode = async (): Promise<void> => {
      for await (const chunk of decodeBody([bomb], coding, { maxBytes })) decoded += chunk.length;
    };
    const error = await decode().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DecodedBodyTooLargeError);
    expect(error).toMatchObject({ status: 413, limit: maxBytes });
    expect(decoded).toBeLessThanOrEqual(maxBytes);
  });

  it('accepts a body of exactly maxBytes', async () => {
    const body = await encode('x'.repeat(100), coding);
    expect(await gather(decodeBody([body], coding, { maxBytes: 100 }))).toHaveLength(100);
    await expect(gather(decodeBody([body], coding, { maxBytes: 99 }))).rejects.toThrow(
      DecodedBodyTooLargeError,
    );
  });

  it('decodes only as fast as the result is consumed', async () => {
    let read = 0;
    const body = await compressWhole(randomBytes(4_000_000), coding);
    async function* source(): AsyncGenerator<Buffer, void, void> {
      for (; read < body.length; read += 1000) yield body.subarray(read, read + 1000);
    }
    const decoding = decodeBody(source(), coding, { maxBytes: 10_000_000 });
    for (let i = 0; i < 3; i++)
      expect((await decoding.next()).value?.length).toBeLessThanOrEqual(65_536);
    await decoding.return();
    const after = read;
    expect(after).toBeLessThan(500_000);
    expect((await decoding.next()).done).toBe(true);
    expect(read).toBe(after);
  });
});

describe('decodeBody', () => {
  it('limits a body without a coding too, to 1 MiB by default', async () => {
    const body = Buffer.alloc(1_048_576);
    expect(await gather(decodeBody([body], undefined))).toHaveLength(1_048_576);
    await expect(gather(decodeBody([body, Buffer.of(0)], undefined))).rejects.toThrow(
      DecodedBodyTooLargeError,
    );
  });

  it('passes the error of the source on', async () => {
    const fault = Object.assign(new Error('the peer is gone'), { code: 'ERR_CONNECTION_LOST' });
    async function* source(): AsyncGenerator<Buffer, void, void> {
      yield zlib.gzipSync('x').subarray(0, 5);
      throw fault;
    }
    await expect(gather(decodeBody(source(), 'gzip'))).rejects.toBe(fault);
  });

  it('reads several members of gzip (RFC 1952 section 2.2)', async () => {
    const body = [zlib.gzipSync('one'), zlib.gzipSync('two')];
    expect((await gather(decodeBody(body, 'gzip'))).toString()).toBe('onetwo');
  });

  it.skipIf(!HAS_ZSTD)('refuses zstd that needs a window of more than 8 MiB', async () => {
    const body = (windowLog: number): Promise<Buffer> =>
      gather(transformed([Buffer.from('hello')], () => createZstdCompress(windowLog)));
    expect((await gather(decodeBody([await body(23)], 'zstd'))).toString()).toBe('hello');
    await expect(gather(decodeBody([await body(24)], 'zstd'))).rejects.toThrow(
      InvalidContentCodingError,
    );
  });

  it('checks its options', async () => {
    for (const maxBytes of [0, 1.5]) {
      expect(() => decodeBody([], 'gzip', { maxBytes })).toThrow(InvalidArgumentValueError);
    }
    const error = await unknownOptionOf(() => decodeBody([], 'gzip', { nonsense: 1 } as never));
    expect(error.known).toEqual(['maxBytes']);
  });
});
