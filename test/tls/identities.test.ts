/** Options that contexts refuse when they are made. */
import { describe, expect, it } from 'vitest';
import { InvalidArgumentValueError, TLSContextError, TLSServerContext } from '../../src/index.js';
import { authority } from './secured.js';

const { certificate, key } = await authority.issue('server', { names: ['server.example'] });
const bytes = Buffer.from('unused');

describe('an identity', () => {
  it.each([
    [{ certificate, key, keyFile: 'key.pem' }, 'key and keyFile'],
    [{ pfx: bytes, key }, 'pfx and key'],
    [{ pfxFile: 'server.p12', keyFile: 'key.pem' }, 'pfxFile and keyFile'],
    [
      { certificate, key, ocspResponse: bytes, ocspResponseFile: 'ocsp.der' },
      'ocspResponse and ocspResponseFile',
    ],
    [{ certificate, pfx: bytes, key }, 'exactly one of'],
  ])('refuses options of which one would be ignored (%#)', (identity, problem) => {
    const make = (): TLSServerContext => new TLSServerContext({ identity });
    expect(make).toThrow(TLSContextError);
    expect(make).toThrow(problem);
  });

  it('names a certificate without a subject in the error about another key', async () => {
    const anonymous = await authority.issue('', { names: ['anonymous'] });
    const make = (): TLSServerContext =>
      new TLSServerContext({ identity: { certificate: anonymous.certificate, key } });
    expect(make).toThrow(TLSContextError);
    expect(make).toThrow('is not the key of the first certificate (without a subject)');
  });
});

describe('alpnProtocols', () => {
  const make = (name: string): TLSServerContext =>
    new TLSServerContext({ identity: { certificate, key }, alpnProtocols: [name] });

  it('may have 255 bytes of UTF-8 each, and no more', () => {
    make(`${'\u00e9'.repeat(127)}x`);
    expect(() => make('\u00e9'.repeat(128))).toThrow(InvalidArgumentValueError);
    expect(() => make('')).toThrow(InvalidArgumentValueError);
  });
});
