/** The certificates of TLS clients. */
import { createHash, type X509Certificate } from 'node:crypto';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkPlainObject, checkString } from '../internal/check.js';
import type { CredentialsChecker } from './checker.js';
import type { ClientCertificate } from './credentials.js';
import { UnauthorizedLoginError } from './errors.js';

/** Avatar ids by the fingerprint of a certificate, or by a function of the certificate. */
export class CertificateChecker implements CredentialsChecker<ClientCertificate> {
  readonly kinds = ['certificate'] as const;
  readonly #idOf: (certificate: X509Certificate) => string | undefined;

  /**
   * @param ids SHA-256 fingerprints in hexadecimal, colons allowed, with the avatar id of each; or a function that returns the
   * id, by the names in the certificate for example, or undefined. A name proves something only if the certificate was verified
   * with `trustRoots` that issue to nobody else.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  constructor(
    ids: Readonly<Record<string, string>> | ((certificate: X509Certificate) => string | undefined),
  ) {
    if (typeof ids === 'function') {
      this.#idOf = ids;
      return;
    }
    checkPlainObject('ids', ids);
    const byFingerprint = new Map<string, string>();
    for (const [fingerprint, id] of Object.entries(ids)) {
      const hex = fingerprint.replaceAll(':', '').toLowerCase();
      if (!/^[0-9a-f]{64}$/.test(hex)) {
        const expected = 'SHA-256 fingerprints of 64 hexadecimal digits';
        throw new InvalidArgumentValueError('ids', expected, fingerprint);
      }
      byFingerprint.set(hex, checkString('an avatar id', id));
    }
    this.#idOf = ({ raw }) => byFingerprint.get(createHash('sha256').update(raw).digest('hex'));
  }

  requestAvatarId({ certificate }: ClientCertificate): string {
    const id = this.#idOf(certificate);
    if (id === undefined) throw new UnauthorizedLoginError();
    return id;
  }
}
