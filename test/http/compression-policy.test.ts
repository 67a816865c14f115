import { describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import { addVary, CompressionPolicy } from '../../src/http/compression-policy.js';
import { unknownOptionOf } from '../support/unknown-option.js';

describe('a media type', () => {
  const isCompressible = (contentType: string): boolean =>
    new CompressionPolicy().choose('gzip', { status: 200, contentType, length: 1_024 }).coding ===
    'gzip';

  it.each([
    'text/html',
    'Text/Plain; charset=utf-8',
    'application/json',
    'application/ld+json',
    'image/svg+xml',
    'application/xml',
    'application/wasm',
    'font/ttf',
  ])('%s is', (type) => {
    expect(isCompressible(type)).toBe(true);
  });

  it.each([
    '',
    'image/png',
    'video/mp4',
    'application/zip',
    'application/octet-stream',
    'font/woff2',
    'text/event-stream',
    'application/jsonp',
    'application/notjson',
  ])('%s is not', (type) => {
    expect(isCompressible(type)).toBe(false);
  });
});

describe('CompressionPolicy', () => {
  const policy = new CompressionPolicy();
  const html = { status: 200, contentType: 'text/html', length: 1024 };

  it('compresses with the coding that the client accepts', () => {
    expect(policy.choose('gzip, br', html)).toEqual({ coding: 'br', vary: true });
    expect(policy.choose('gzip', html)).toEqual({ coding: 'gzip', vary: true });
    expect(policy.choose('br', { ...html, length: undefined })).toEqual({
      coding: 'br',
      vary: true,
    });
    expect(policy.choose('br', { ...html, status: 404 })).toEqual({ coding: 'br', vary: true });
  });

  it('depends on Accept-Encoding also for a client that accepts no coding', () => {
    for (const field of [undefined, '', 'identity', '*;q=0']) {
      expect(policy.choose(field, html)).toEqual({ coding: undefined, vary: true });
    }
  });

  it.each([
    ['short', { length: 1023 }],
    ['of another type', { contentType: 'image/png' }],
    ['without a type', { contentType: undefined }],
    ['encoded', { contentEncoding: 'br' }],
    ['a part', { contentRange: 'bytes 0-1/2' }],
    ['not to be transformed', { cacheControl: 'public, No-Transform' }],
    ['a 206', { status: 206 }],
    ['a 204', { status: 204 }],
    ['a 304', { status: 304 }],
    ['a 103', { status: 103 }],
  ])('leaves an answer unchanged that is %s', (_name, more) => {
    expect(policy.choose('br', { ...html, ...more })).toEqual({ coding: undefined, vary: false });
  });

  it('has options', async () => {
    const own = new CompressionPolicy({ codings: ['deflate', 'gzip'], minBytes: 10 });
    expect(own.choose('br, gzip, deflate', { ...html, length: 10 }).coding).toBe('deflate');
    expect(own.choose('gzip', { ...html, length: 9 }).vary).toBe(false);
    for (const minBytes of [-1, 1.5]) {
      expect(() => new CompressionPolicy({ minBytes })).toThrow(InvalidArgumentValueError);
    }
    const codings = ['compress'] as never;
    expect(() => new CompressionPolicy({ codings })).toThrow(InvalidArgumentValueError);
    expect(() => new CompressionPolicy({ codings: 'br' as never })).toThrow(
      InvalidArgumentTypeError,
    );
    const error = await unknownOptionOf(() => new CompressionPolicy({ nonsense: 1 } as never));
    expect(error.known).toEqual(['codings', 'minBytes']);
  });
});

describe('addVary', () => {
  it.each([
    [undefined, 'Accept-Encoding'],
    ['Origin', 'Origin, Accept-Encoding'],
    ['origin,accept-encoding', 'origin,accept-encoding'],
    ['*', '*'],
    ['', 'Accept-Encoding'],
  ])('extends %j to %j', (vary, extended) => {
    expect(addVary(vary, 'Accept-Encoding')).toBe(extended);
  });
});
