/** Options of identities that exclude each other. */
import { describe, expect, it } from 'vitest';
import { TLSContextError, TLSServerContext } from '../../src/index.js';
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
});
