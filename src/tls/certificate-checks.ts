/** The checks of a peer's certificate that Node's engine makes itself: those that OpenSSL makes in the native one. */
import { createHash, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

import type { TLSFailure } from '../reactor/streams/secure-stream.js';
import { APPLICATION_VERIFICATION, HOSTNAME_MISMATCH, verifyResultOf } from './failures.js';
import type { TLSSettings } from './settings.js';

/** X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED. */
const NOT_YET_VALID = 9;
const EXPIRED = 10;

/** Only alternative names count (RFC 9525 section 2), and a wildcard is a whole label (section 6.3). */
const NAME_RULES = { subject: 'never', partialWildcards: false } as const;

/**
 * @param chain The peer's own certificate first.
 * @param verifyError The result of OpenSSL's verification.
 * @param hostname Empty: not checked.
 * @returns Undefined if everything is in order.
 */
export function certificateFailure(
  chain: readonly X509Certificate[],
  verifyError: (Error & { readonly code?: string }) | null,
  settings: TLSSettings,
  hostname: string,
): Partial<TLSFailure> | undefined {
  const [own] = chain;
  if (own === undefined) return { reason: 'PEER_DID_NOT_RETURN_A_CERTIFICATE' };
  if (verifyError !== null && settings.trust === 'roots') {
    const verifyResult = verifyResultOf(verifyError);
    const depth = Math.max(
      0,
      chain.findIndex((certificate) => isOutdated(certificate, verifyResult)),
    );
    return { reason: verifyError.message, verifyResult, depth, certificate: chain[depth]?.raw };
  }
  if (settings.checksName && hostname !== '' && !isFor(own, hostname)) {
    return { verifyResult: HOSTNAME_MISMATCH, certificate: own.raw };
  }
  // Without a verified chain only the peer's own key proves anything.
  const candidates = settings.trust === 'roots' ? chain : [own];
  if (settings.pins.length === 0 || hasPinnedKey(candidates, settings.pins)) return undefined;
  return { verifyResult: APPLICATION_VERIFICATION, certificate: own.raw };
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
    // A key of a kind that Node does not know.
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
