/** Settings as a `SecureContext` of `node:tls`. */
import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';

import { TLSContextError } from '../core/errors/tls.js';
import { messageOf } from '../core/text-of.js';
import type { TLSIdentity, TLSSettings } from './settings.js';

/** @throws TLSContextError */
export function nodeContext(settings: TLSSettings): SecureContext {
  const { identities, roots, crls } = settings;
  const chains = identities.filter((identity) => 'chain' in identity);
  const pfx = identities
    .filter((identity) => 'pfx' in identity)
    .map((identity) => ({ buf: identity.pfx, passphrase: identity.passphrase }));
  const options: SecureContextOptions = {
    ciphers: [settings.cipherSuites, settings.ciphers].filter((list) => list !== '').join(':'),
    honorCipherOrder: true,
    minVersion: settings.minVersion,
    maxVersion: settings.maxVersion,
    secureOptions:
      constants.SSL_OP_NO_RENEGOTIATION |
      constants.SSL_OP_NO_COMPRESSION |
      (settings.resumption ? 0 : constants.SSL_OP_NO_TICKET),
    sessionIdContext: settings.sessionIdContext.toString('hex').slice(0, 32),
    ...(chains.length === 0
      ? {}
      : {
          cert: chains.map(({ chain }) => chain.map((der) => pem('CERTIFICATE', der)).join('')),
          key: chains.map(({ key }) => pem('PRIVATE KEY', key)),
        }),
    ...(pfx.length === 0 ? {} : { pfx }),
    ...(roots === 'system' ? {} : { ca: roots.map((der) => pem('CERTIFICATE', der)) }),
    ...(crls.length === 0 ? {} : { crl: crls.map((der) => pem('X509 CRL', der)) }),
    ...(settings.groups === undefined ? {} : { ecdhCurve: settings.groups }),
    ...(settings.signatureAlgorithms === undefined
      ? {}
      : { sigalgs: settings.signatureAlgorithms }),
    ...(settings.ticketKeys[0] === undefined ? {} : { ticketKeys: settings.ticketKeys[0] }),
  };
  try {
    return createSecureContext(options);
  } catch (cause) {
    throw new TLSContextError(`the TLS context cannot be made: ${messageOf(cause)}`, { cause });
  }
}

/** The stapled response for the certificate that a connection uses. */
export function staple(identities: readonly TLSIdentity[], certificate: Buffer): Buffer | null {
  const own = identities.find(
    (identity) => 'chain' in identity && identity.chain[0]?.equals(certificate) === true,
  );
  const onlyOne = identities.length === 1 ? identities[0] : undefined;
  return (own ?? onlyOne)?.ocspResponse ?? null;
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
