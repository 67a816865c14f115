import { describe, expect, it } from 'vitest';
import { acceptedCodings, CONTENT_CODINGS, HAS_ZSTD } from '../../src/http/accept-encoding.js';

const AVAILABLE = ['br', 'gzip', 'deflate'] as const;

describe('acceptedCodings', () => {
  it.each([
    [undefined, 'identity'],
    ['', 'identity'],
    ['gzip', 'gzip identity'],
    ['GZIP', 'gzip identity'],
    ['x-gzip', 'gzip identity'],
    ['gzip, deflate, br, zstd', 'br gzip deflate identity'],
    ['gzip;q=0.5', 'gzip identity'],
    ['gzip;q=0.5, br;q=0.2', 'gzip br identity'],
    ['gzip;q=0', 'identity'],
    ['gzip;q=0.000', 'identity'],
    ['*', 'br gzip deflate identity'],
    ['*;q=0.1, br;q=0', 'gzip deflate identity'],
    ['gzip;q=0.1, *;q=0.9', 'br deflate gzip identity'],
    ['identity', 'identity'],
    ['gzip, identity;q=0', 'gzip'],
    ['gzip, *;q=0', 'gzip'],
    ['gzip, *;q=0, identity', 'gzip identity'],
    ['gzip, *;q=0, identity;q=0.5', 'gzip identity'],
    ['gzip;q=0.5, identity', 'identity'],
    ['gzip;q=0.5, identity;q=0.5', 'gzip identity'],
    ['identity;q=0', ''],
    ['*;q=0', ''],
    ['compress', 'identity'],
    ['gzip;q=2, br', 'br identity'],
    ['gzip;q, "br", ;;, br', 'br identity'],
    ['gzip, gzip;q=0', 'identity'],
  ])('%j: %s', (field, codings) => {
    expect(acceptedCodings(field, AVAILABLE).join(' ')).toBe(codings);
  });

  it('offers only the available codings, in their order', () => {
    expect(acceptedCodings('gzip, br', ['gzip', 'br'])).toEqual(['gzip', 'br', 'identity']);
    expect(acceptedCodings('gzip, br', [])).toEqual(['identity']);
  });
});

describe('CONTENT_CODINGS', () => {
  it('has zstd if node:zlib has it', async () => {
    const zlib: object = await import('node:zlib');
    expect(HAS_ZSTD).toBe('createZstdCompress' in zlib);
    expect(CONTENT_CODINGS.includes('zstd')).toBe(HAS_ZSTD);
  });
});
