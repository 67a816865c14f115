/** Options that contexts refuse when they are made. */
import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  TLSContextError,
  TLSServerContext,
} from '../../src/index.js';
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

  it.each([certificate, Buffer.from(certificate), key, null, 5])(
    'must be an object, which the error shows without its text (%#)',
    (wrong) => {
      const make = (): unknown => new TLSServerContext({ identity: wrong as never });
      expect(make).toThrow(InvalidArgumentTypeError);
      expect(make).toThrow(
        /^identity must be an object: \{ certificate, key \}, .*, not (?:an object \(\w+\)|null|5)$|plain object, not null$/,
      );
    },
  );

  it.each([
    ['300a0a0100a0050000000000', undefined],
    ['30030a0106', 'identity.ocspResponse is the error 6 of an OCSP responder'],
    ['30030a0100'.slice(0, 4), 'identity.ocspResponse is not an OCSP response in DER'],
    ['', 'identity.ocspResponse is not an OCSP response in DER'],
    [Buffer.from(certificate).toString('hex'), 'identity.ocspResponse is not an OCSP response'],
    [new X509Certificate(certificate).raw.toString('hex'), 'is not an OCSP response in DER'],
  ])('has an OCSP response, not another file (%#)', (hex, problem) => {
    const ocspResponse = Buffer.from(hex, 'hex');
    const make = (): unknown =>
      new TLSServerContext({ identity: { certificate, key, ocspResponse } });
    if (problem === undefined) make();
    else expect(make).toThrow(problem);
  });

  it('has no text as an OCSP response', () => {
    const identity = { certificate, key, ocspResponse: 'ocsp.der' as never };
    expect(() => new TLSServerContext({ identity })).toThrow(
      'identity.ocspResponse must be bytes. The name of a file is ocspResponseFile',
    );
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
