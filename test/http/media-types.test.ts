import { afterEach, describe, expect, it, vi } from 'vitest';
import { InvalidArgumentTypeError } from '../../src/core/errors/arguments.js';
import { MissingPackageError } from '../../src/core/errors/tls.js';
import {
  checkMediaTypes,
  contentTypeOf,
  loadMediaTypes,
  withCharset,
} from '../../src/http/media-types.js';

describe('contentTypeOf', () => {
  it.each([
    ['index.html', 'text/html; charset=utf-8'],
    ['/a.b/c.JPG', 'image/jpeg'],
    ['a.min.js', 'text/javascript; charset=utf-8'],
    ['a.mjs', 'text/javascript; charset=utf-8'],
    ['a.json', 'application/json'],
    ['a.svg', 'image/svg+xml'],
    ['a.tar.gz', 'application/gzip'],
    ['a.unknown', 'application/octet-stream'],
    ['Makefile', 'application/octet-stream'],
    ['.html', 'application/octet-stream'],
    ['folder.html/.css', 'application/octet-stream'],
    ['a.', 'application/octet-stream'],
    ['a.constructor', 'application/octet-stream'],
    ['a.__proto__', 'application/octet-stream'],
    ['', 'application/octet-stream'],
  ])('of %j is %s', (name, type) => {
    expect(contentTypeOf(name)).toBe(type);
  });

  it('uses the given types', () => {
    const types = (extension: string): string => `text/x-${extension}`;
    expect(contentTypeOf('a.B', types)).toBe('text/x-b; charset=utf-8');
  });
});

describe('withCharset', () => {
  it('leaves parameters and other types as they are', () => {
    expect(withCharset('text/plain; charset=koi8-r')).toBe('text/plain; charset=koi8-r');
    expect(withCharset('application/xml')).toBe('application/xml');
  });
});

describe('loadMediaTypes', () => {
  afterEach(() => {
    vi.doUnmock('mime');
  });

  it('adds the types of the package mime to the built-in ones', async () => {
    const types = await loadMediaTypes();
    expect(types('vcf')).toBe('text/x-vcard');
    expect(types('js')).toBe('text/javascript');
    expect(types('no-such-extension')).toBeUndefined();
    expect(contentTypeOf('a.vcf', types)).toBe('text/x-vcard; charset=utf-8');
  });

  it('names the package if it is missing', async () => {
    vi.doMock('mime', () => {
      throw new Error('Cannot find package');
    });
    const error = await loadMediaTypes().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MissingPackageError);
    expect(error).toMatchObject({ packages: ['mime'] });
  });
});

describe('checkMediaTypes', () => {
  it('refuses a promise of types, with a hint', () => {
    const call = (): unknown => checkMediaTypes(Promise.resolve());
    expect(call).toThrow(InvalidArgumentTypeError);
    expect(call).toThrow(/loadMediaTypes returns a promise/);
  });
});
