/** Settings as a `SecureContext` of `node:tls`. */
import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';

import { TLSContextError } from '../core/errors/tls.js';
import { messageOf } from '../core/text-of.js';
import { pemOf, TOO_WEAK } from './certificates.js';
import type { TLSIdentity, TLSSettings } from './settings.js';

/** @throws TLSContextError */
export function nodeContext(settings: TLSSettings): SecureContext {
  const { identities, roots, crls } = settings;
  const options: SecureContextOptions = {
    ciphers: cipherList(settings),
    honorCipherOrder: true,
    minVersion: settings.minVersion,
    maxVersion: settings.maxVersion,
    secureOptions:
      constants.SSL_OP_NO_RENEGOTIATION |
      constants.SSL_OP_NO_COMPRESSION |
      (settings.resumption ? 0 : constants.SSL_OP_NO_TICKET),
    sessionIdContext: settings.sessionIdContext.toString('hex').slice(0, 32),
    ...identityOptions(identities),
    ...(roots === 'system' ? {} : { ca: roots.map((der) => pemOf('CERTIFICATE', der)) }),
    ...(crls.length === 0 ? {} : { crl: crls.map((der) => pemOf('X509 CRL', der)) }),
    ...(settings.groups === undefined ? {} : { ecdhCurve: settings.groups }),
    ...(settings.signatureAlgorithms === undefined
      ? {}
      : { sigalgs: settings.signatureAlgorithms }),
    ...(settings.ticketKeys[0] === undefined ? {} : { ticketKeys: settings.ticketKeys[0] }),
  };
  try {
    return createSecureContext(options);
  } catch (cause) {
    throw contextError(settings, cause);
  }
}

function cipherList({ cipherSuites, ciphers }: TLSSettings): string {
  return [cipherSuites, ciphers].filter((list) => list !== '').join(':');
}

function identityOptions(identities: readonly TLSIdentity[]): SecureContextOptions {
  const chains = identities.filter((identity) => 'chain' in identity);
  const pfx = identities
    .filter((identity) => 'pfx' in identity)
    .map((identity) => ({ buf: identity.pfx, passphrase: identity.passphrase }));
  return {
    ...(chains.length === 0
      ? {}
      : {
          cert: chains.map(({ chain }) => chain.map((der) => pemOf('CERTIFICATE', der)).join('')),
          key: chains.map(({ key }) => pemOf('PRIVATE KEY', key)),
        }),
    ...(pfx.length === 0 ? {} : { pfx }),
  };
}

/** The error of OpenSSL, in either engine, as one that names the option. */
export function contextError(settings: TLSSettings, cause: unknown): TLSContextError {
  const { identities } = settings;
  const ciphers = cipherList(settings);
  for (const [i, identity] of identities.entries()) {
    try {
      createSecureContext({ ca: [], ciphers, ...identityOptions([identity]) });
    } catch (fault) {
      const name = identities.length === 1 ? 'identity' : `identity[${i}]`;
      const reason = messageOf(fault).replace(/^error:.*::/, '');
      const advice = TOO_WEAK.test(reason)
        ? '. Use a stronger key and signature, or a lower security level: @SECLEVEL in ciphers'
        : '';
      return new TLSContextError(`${name} is refused by OpenSSL: ${reason}${advice}`, { cause });
    }
  }
  return new TLSContextError(`the TLS context cannot be made: ${messageOf(cause)}`, { cause });
}

/** The stapled response for the certificate that a connection uses. */
export function staple(identities: readonly TLSIdentity[], certificate: Buffer): Buffer | null {
  const own = identities.find(
    (identity) => 'chain' in identity && identity.chain[0]?.equals(certificate) === true,
  );
  const onlyOne = identities.length === 1 ? identities[0] : undefined;
  return (own ?? onlyOne)?.ocspResponse ?? null;
}
