/** OCSP responses by openssl. */

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { MadeCertificate } from '../../support/certificates.js';
import type { PeerFiles } from '../peer-files.js';
import { openssl } from './rig.js';

/** The response of `issuer`, DER, that `certificate` is good. */
export function staple(
  files: PeerFiles,
  issuer: MadeCertificate,
  { certificate }: MadeCertificate,
): Buffer {
  const { serialNumber, subject } = new X509Certificate(certificate);
  // A line of the index of `openssl ca`: status, expiry, revocation, serial number, file, subject.
  const index = files.write(
    'index.txt',
    `V\t491231235959Z\t\t${serialNumber}\tunknown\t/${subject}\n`,
  );
  const root = files.write('issuer.pem', issuer.certificate);
  const key = files.write('issuer.key', issuer.key);
  const subjectFile = files.write('subject.pem', certificate);
  const response = files.path('response.der');
  openssl([
    'ocsp',
    ...['-index', index, '-CA', root, '-rsigner', root, '-rkey', key, '-ndays', '1'],
    ...['-issuer', root, '-cert', subjectFile, '-no_nonce', '-noverify', '-respout', response],
  ]);
  return readFileSync(response);
}
