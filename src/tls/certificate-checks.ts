/** The checks of a peer's certificate that Node's engine makes itself: those that OpenSSL makes in the native one. */
import { createHash, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

import type { TLSFailure } from '../reactor/streams/secure-stream.js';
import { APPLICATION_VERIFICATION, HOSTNAME_MISMATCH, verifyResultOf } from './failures.js';
import type { TLSSettings } from './settings.js';

/** X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED. */
const NOT_YET_VALID = 9;
const EXPIRED = 10;
/** Extended key usages (RFC 5280 section 4.2.1.12). */
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** Only alternative names count (RFC 9525 section 2), and a wildcard is a whole label (section 6.3). */
const NAME_RULES = { subject: 'never', partialWildcards: false } as const;

/**
 * @param chain The peer's own certificate first.
 * @param verifyError The result of OpenSSL's verification.
 * @param hostname Empty: not checked.
 * @param isServer Whether the chain is that of a client.
 * @returns Undefined if everything is in order.
 */
export function certificateFailure(
  chain: readonly X509Certificate[],
  verifyError: (Error & { readonly code?: string }) | null,
  settings: TLSSettings,
  hostname: string,
  isServer: boolean,
): Partial<TLSFailure> | undefined {
  const [own] = chain;
  if (own === undefined) return { reason: 'PEER_DID_NOT_RETURN_A_CERTIFICATE' };
  if (verifyError !== null && settings.trust === 'roots') {
    const verifyResult = verifyResultOf(verifyError);
    const depth = depthOfFault(verifyResult, chain, isServer ? CLIENT_AUTH : SERVER_AUTH);
    const certificate = depth === undefined ? undefined : chain[depth]?.raw;
    return { reason: verifyError.message, verifyResult, depth, certificate };
  }
  if (settings.checksName && hostname !== '' && !isFor(own, hostname)) {
    return { verifyResult: HOSTNAME_MISMATCH, certificate: own.raw };
  }
  // Without a verified chain only the peer's own key proves anything.
  const candidates = settings.trust === 'roots' ? chain : [own];
  if (settings.pins.length === 0 || hasPinnedKey(candidates, settings.pins)) return undefined;
  return { verifyResult: APPLICATION_VERIFICATION, certificate: own.raw };
}

/** Node reports the fault, but not the certificate. @returns Undefined if that is not clear. */
function depthOfFault(
  verifyResult: number,
  chain: readonly X509Certificate[],
  purpose: string,
): number | undefined {
  const last = chain.length - 1;
  const first = (isFaulty: (certificate: X509Certificate, depth: number) => boolean) => {
    const depth = chain.findIndex(isFaulty);
    return depth < 0 ? undefined : depth;
  };
  switch (verifyResult) {
    case NOT_YET_VALID:
    case EXPIRED:
      return first((certificate) => isOutdated(certificate, verifyResult));
    // Faults of the last one: its issuer is missing, or it is not trusted.
    case 2:
    case 19:
    case 20:
      return last;
    // Of the peer's own: self-signed, or a short key.
    case 18:
    case 21:
    case 66:
      return 0;
    // Wrong use: an issuer that may not issue, or a certificate whose use is limited to others.
    case 24:
    case 26:
    case 79:
      return (
        first(
          ({ ca, keyUsage }, depth) => (depth > 0 && !ca) || keyUsage?.includes(purpose) === false,
        ) ?? 0
      );
    case 67:
      return last === 1 ? last : undefined;
    default:
      return last === 0 || (last === 1 && isOwnIssuer(chain[1])) ? 0 : undefined;
  }
}

function isOwnIssuer(certificate: X509Certificate | undefined): boolean {
  return certificate?.checkIssued(certificate) === true;
}

function isFor(certificate: X509Certificate, hostname: string): boolean {
  if (isIP(hostname) !== 0) return certificate.checkIP(hostname) !== undefined;
  return certificate.checkHost(hostname, NAME_RULES) !== undefined;
}

/** Node builds the chain from names, so each certificate must also have signed the one before: anybody can forge the rest. */
function hasPinnedKey(chain: readonly X509Certificate[], pins: readonly Buffer[]): boolean {
  let signed: X509Certificate | undefined;
  try {
    for (const certificate of chain) {
      if (signed?.verify(certificate.publicKey) === false) return false;
      if (isPinned(certificate, pins)) return true;
      signed = certificate;
    }
  } catch {
    // Node does not support this kind of key.
  }
  return false;
}

function isPinned(certificate: X509Certificate, pins: readonly Buffer[]): boolean {
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' });
  const digest = createHash('sha256').update(key).digest();
  return pins.some((pin) => pin.equals(digest));
}

/** Whether this is the certificate that OpenSSL found outdated. */
function isOutdated({ validFrom, validTo }: X509Certificate, verifyResult: number): boolean {
  const now = Date.now();
  if (verifyResult === EXPIRED) return Date.parse(validTo) < now;
  return verifyResult === NOT_YET_VALID && Date.parse(validFrom) > now;
}
