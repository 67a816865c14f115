/** Messages for options of contexts that are wrong in themselves: they say which values are right, and where an option belongs. */
import { describe, expect, it } from 'vitest';
import { UnknownOptionError } from '../../src/index.js';
import { TLSClientContext, TLSServerContext } from '../../src/tls/index.js';
import { unknownOptionOf } from '../support/unknown-option.js';
import { identity } from './secured.js';

const server = (options: object) => (): unknown => new TLSServerContext({ identity, ...options });
const client = (options: object) => (): unknown => new TLSClientContext(options);

describe('an option of the other role', () => {
  it.each([
    ['checkHostname', 'TLSClientContext', server],
    ['requestOCSP', 'TLSClientContext', server],
    ['sessionCacheSize', 'TLSClientContext', server],
    ['clientCertificates', 'TLSServerContext', client],
    ['mapClientCertificate', 'TLSServerContext', client],
    ['selectContext', 'TLSServerContext', client],
    ['serverNames', 'TLSServerContext', client],
    ['ticketKeyRotation', 'TLSServerContext', client],
    ['ticketKeys', 'TLSServerContext', client],
    ['watchFiles', 'TLSServerContext', client],
  ] as const)('%s belongs to %s', async (name, owner, make) => {
    const error = await unknownOptionOf(make({ [name]: undefined }));
    expect(error.suggestion).toBeUndefined();
    expect(error.message).toContain(`has no option '${name}'. It is an option of ${owner}. `);
  });

  it.each(['key', 'cert'])('%s belongs into an identity', (name) => {
    expect(client({ [name]: 'PEM' })).toThrow(UnknownOptionError);
    expect(client({ [name]: 'PEM' })).toThrow(
      'are identity: { certificate, key } of a TLS context',
    );
  });
});

describe('an option with a wrong value', () => {
  it.each([
    [{ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }, 'must be at most maxVersion, TLSv1.2'],
    [
      { trustRoots: null },
      "trustRoots must be certificates (PEM text or bytes), 'system' or TRUST_ANY",
    ],
    [{ trustRoots: { file: 'ca.pem' } }, 'trustRoots must be certificates (PEM text or bytes)'],
    [{ trustRoots: identity.key }, 'trustRoots is PEM, but not a certificate: it contains'],
    [{ crls: identity.certificate }, 'crls is PEM, but not a revocation list: it contains CERT'],
  ])('is refused by both roles (%#)', (options, message) => {
    expect(server({ clientCertificates: 'required', ...options })).toThrow(message);
    expect(client(options)).toThrow(message);
  });

  it.each([
    [{ serverNames: [identity] }, 'serverNames must be a plain object'],
    [{ serverNames: null }, 'serverNames must be a plain object, not null'],
    [{ serverNames: { '127.0.0.1': identity } }, 'serverNames must be names, no addresses'],
    [{ serverNames: { '::1': identity } }, 'serverNames must be names, no addresses'],
    [{ ticketKeys: ['key'] }, 'a key of ticketKeys must be a Buffer, not an object (String)'],
    [{ ticketKeys: [Buffer.alloc(32)] }, 'a key of ticketKeys must be 48 bytes, not 32'],
  ])('is refused by a server (%#)', (options, message) => {
    expect(server(options)).toThrow(message);
  });
});
