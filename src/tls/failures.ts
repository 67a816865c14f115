/** Converts failures of the engines into errors. */
import { X509Certificate } from 'node:crypto';
import { isIPv6 } from 'node:net';

import { withoutStack } from '../core/errors/base.js';
import {
  TLSCertificateError,
  type TLSCertificateFault,
  TLSHandshakeError,
} from '../core/errors/tls.js';
import type { TLSFailure } from '../reactor/streams/secure-stream.js';

/** X509_V_ERR_... of OpenSSL 3 that the engines also use themselves. */
export const APPLICATION_VERIFICATION = 50;
export const HOSTNAME_MISMATCH = 62;
/** X509_V_ERR_UNSPECIFIED. */
const UNSPECIFIED_VERIFY_ERROR = 1;

/** X509_V_ERR_...: the name that Node gives it, or its text if Node has no name, and what it means. */
const VERIFY_ERRORS: readonly [number, string, TLSCertificateFault, string][] = [
  [2, 'UNABLE_TO_GET_ISSUER_CERT', 'unknown-root', 'its issuer is not trusted'],
  [3, 'UNABLE_TO_GET_CRL', 'invalid', 'there is no revocation list of its issuer'],
  [7, 'CERT_SIGNATURE_FAILURE', 'invalid', 'its signature is wrong'],
  [9, 'CERT_NOT_YET_VALID', 'not-yet-valid', 'it is not valid yet'],
  [10, 'CERT_HAS_EXPIRED', 'expired', 'it has expired'],
  [11, 'CRL_NOT_YET_VALID', 'invalid', 'the revocation list of its issuer is not valid yet'],
  [12, 'CRL_HAS_EXPIRED', 'invalid', 'the revocation list of its issuer has expired'],
  [18, 'DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed', 'it is self-signed and not trusted'],
  [19, 'SELF_SIGNED_CERT_IN_CHAIN', 'unknown-root', 'the root of its chain is not trusted'],
  [20, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unknown-root', 'its issuer is not trusted'],
  [21, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unknown-root', 'its issuer is not known'],
  [22, 'CERT_CHAIN_TOO_LONG', 'invalid', 'its chain is too long'],
  [23, 'CERT_REVOKED', 'revoked', 'it was revoked'],
  [24, 'INVALID_CA', 'wrong-use', 'an issuer in its chain may not issue certificates'],
  [25, 'PATH_LENGTH_EXCEEDED', 'wrong-use', 'its chain is longer than an issuer allows'],
  [26, 'INVALID_PURPOSE', 'wrong-use', 'it may not be used for this purpose'],
  [27, 'CERT_UNTRUSTED', 'unknown-root', 'its root is not trusted for this purpose'],
  [28, 'CERT_REJECTED', 'unknown-root', 'its root is rejected for this purpose'],
  [APPLICATION_VERIFICATION, '', 'pin', 'no key of its chain is pinned'],
  [HOSTNAME_MISMATCH, 'HOSTNAME_MISMATCH', 'wrong-name', 'it is not for the name of the server'],
  [64, 'IP address mismatch', 'wrong-name', 'it is not for the IP address of the server'],
  [66, 'EE certificate key too weak', 'weak', 'its key is too short'],
  [67, 'CA certificate key too weak', 'weak', 'the key of an issuer is too short'],
  [68, 'CA signature digest algorithm too weak', 'weak', 'its signature algorithm is too weak'],
  [79, 'invalid CA certificate', 'wrong-use', 'an issuer in its chain may not issue certificates'],
];

/** Alerts (RFC 8446 section 6) by the part of OpenSSL's reason behind `SSLV3_ALERT_` and the like. */
export const ALERTS = {
  CLOSE_NOTIFY: 0,
  UNEXPECTED_MESSAGE: 10,
  BAD_RECORD_MAC: 20,
  DECRYPTION_FAILED: 21,
  RECORD_OVERFLOW: 22,
  DECOMPRESSION_FAILURE: 30,
  HANDSHAKE_FAILURE: 40,
  NO_CERTIFICATE: 41,
  BAD_CERTIFICATE: 42,
  UNSUPPORTED_CERTIFICATE: 43,
  CERTIFICATE_REVOKED: 44,
  CERTIFICATE_EXPIRED: 45,
  CERTIFICATE_UNKNOWN: 46,
  ILLEGAL_PARAMETER: 47,
  UNKNOWN_CA: 48,
  ACCESS_DENIED: 49,
  DECODE_ERROR: 50,
  DECRYPT_ERROR: 51,
  PROTOCOL_VERSION: 70,
  INSUFFICIENT_SECURITY: 71,
  INTERNAL_ERROR: 80,
  INAPPROPRIATE_FALLBACK: 86,
  USER_CANCELLED: 90,
  NO_RENEGOTIATION: 100,
  MISSING_EXTENSION: 109,
  UNSUPPORTED_EXTENSION: 110,
  UNRECOGNIZED_NAME: 112,
  BAD_CERTIFICATE_STATUS_RESPONSE: 113,
  UNKNOWN_PSK_IDENTITY: 115,
  CERTIFICATE_REQUIRED: 116,
  NO_APPLICATION_PROTOCOL: 120,
} as const;

/** The alerts for refused certificates, as OpenSSL chooses them. Others: bad_certificate. */
const FAULT_ALERTS: Readonly<Partial<Record<TLSCertificateFault, number>>> = {
  expired: ALERTS.CERTIFICATE_EXPIRED,
  revoked: ALERTS.CERTIFICATE_REVOKED,
  'unknown-root': ALERTS.UNKNOWN_CA,
  'self-signed': ALERTS.UNKNOWN_CA,
  'wrong-use': ALERTS.UNSUPPORTED_CERTIFICATE,
  pin: ALERTS.HANDSHAKE_FAILURE,
};

/** The alert for a certificate with that X509_V_ERR_... */
export function alertOf(verifyResult: number): number {
  const [, , fault = 'invalid'] = VERIFY_ERRORS.find(([code]) => code === verifyResult) ?? [];
  return FAULT_ALERTS[fault] ?? ALERTS.BAD_CERTIFICATE;
}

/** The alert that the peer sent, from OpenSSL's reason; -1 if the reason is no alert. */
export function receivedAlert(reason: string): number {
  const [, name = ''] = /^(?:SSLV3|TLSV1|TLSV13)_(?:ALERT_)?(.+)$/.exec(reason) ?? [];
  return (ALERTS as Readonly<Record<string, number>>)[name] ?? -1;
}

/** X509_V_ERR_... from an error of Node's verification. */
export function verifyResultOf(error: {
  readonly code?: unknown;
  readonly message: string;
}): number {
  const found = VERIFY_ERRORS.find(
    ([, name]) => name !== '' && (name === error.code || error.message.startsWith(name)),
  );
  return found?.[0] ?? UNSPECIFIED_VERIFY_ERROR;
}

/** OpenSSL's reason in the spelling of its constants, from that or from its text. */
export function reasonName(reason: string): string {
  return reason.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');
}

/** Reasons that mean that the peer has sent no certificate. */
const MISSING_CERTIFICATE = 'PEER_DID_NOT_RETURN_A_CERTIFICATE';

/** By OpenSSL's reason, of this side. */
const ADVICE: Readonly<Record<string, string>> = {
  HTTP_REQUEST: 'The peer sent an HTTP request without TLS to this TLS port',
  WRONG_VERSION_NUMBER:
    'The peer probably does not speak TLS on this port, or startTLS was called twice',
  UNSUPPORTED_PROTOCOL: 'No version of minVersion to maxVersion is in common',
  NO_SHARED_CIPHER:
    'No cipher is in common, or identity has no certificate for the ciphers of the client',
};

/** By the alert that the peer sent. */
const ALERT_ADVICE: ReadonlyMap<number, string> = new Map([
  [
    ALERTS.HANDSHAKE_FAILURE,
    'It may require a certificate of this side, or have no version or cipher in common',
  ],
  [ALERTS.BAD_CERTIFICATE, 'It refused the certificate of this side'],
  [ALERTS.CERTIFICATE_EXPIRED, 'The certificate of this side has expired'],
  [ALERTS.UNKNOWN_CA, 'It does not trust the certificate of this side'],
  [ALERTS.ACCESS_DENIED, 'It verified the certificate of this side, but refused its owner'],
  [ALERTS.PROTOCOL_VERSION, 'It supports none of the offered versions'],
  [ALERTS.UNRECOGNIZED_NAME, 'It has no certificate for the requested name'],
  [ALERTS.CERTIFICATE_REQUIRED, 'It requires a certificate: set identity'],
  [ALERTS.NO_APPLICATION_PROTOCOL, 'It supports none of alpnProtocols'],
]);

/** @param hostname The name or IP address that the certificate must have; empty if it is not known. */
export function errorOf(
  failure: TLSFailure,
  hostname = '',
): TLSHandshakeError | TLSCertificateError {
  return withoutStack(() => {
    const reason = reasonName(failure.reason);
    if (reason === MISSING_CERTIFICATE) {
      return new TLSCertificateError({ reason: 'missing', detail: 'it was required and not sent' });
    }
    if (failure.verifyResult !== 0) return certificateError(failure, hostname);
    const { alert, alertReceived } = failure;
    const text = reason.toLowerCase().replaceAll('_', ' ');
    const advice = alertReceived ? ALERT_ADVICE.get(alert) : ADVICE[reason];
    const remedy = advice === undefined ? '' : `. ${advice}`;
    return new TLSHandshakeError(
      `${alertReceived ? 'the peer ended TLS with an alert' : 'TLS failed'}: ${text}${remedy}`,
      { reason, alert: alert < 0 ? undefined : alert, alertReceived },
    );
  });
}

function certificateError(failure: TLSFailure, hostname: string): TLSCertificateError {
  const { verifyResult, depth, certificate } = failure;
  const [, , reason, detail] = VERIFY_ERRORS.find(([code]) => code === verifyResult) ?? [
    verifyResult,
    '',
    'invalid' as const,
    `it cannot be verified (${failure.reason}, ${verifyResult})`,
  ];
  const refused = certificate === undefined ? undefined : parsed(certificate);
  const subject = refused === undefined ? undefined : subjectOf(refused);
  if (reason !== 'wrong-name') return new TLSCertificateError({ reason, detail, subject, depth });
  const names = refused === undefined ? [] : namesOf(refused);
  const facts = { reason, subject, depth, hostname, names };
  return new TLSCertificateError({ ...facts, detail: wrongName(hostname, names) });
}

/** The number of names in the message of an error. */
const MAX_LISTED = 8;

function wrongName(hostname: string, names: readonly string[]): string {
  const expected = hostname === '' ? 'the name of the server' : hostname;
  if (names.length === 0) return `it is not for ${expected}: it has no alternative names`;
  const more = names.length - MAX_LISTED;
  const listed = names.slice(0, MAX_LISTED).join(', ');
  return `it is not for ${expected}, but for ${listed}${more > 0 ? `, and ${more} more` : ''}`;
}

/** The DNS names and IP addresses. Node quotes names with unusual characters. */
function namesOf({ subjectAltName = '' }: X509Certificate): string[] {
  return [...subjectAltName.matchAll(/(?:^|, )(?:DNS|IP Address):("(?:[^"\\]|\\.)*"|[^,]*)/g)].map(
    ([, name = '']) => (isIPv6(name) ? compressed(name) : name),
  );
}

/** Node writes all eight groups. */
function compressed(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** On one line; undefined if the certificate has none, which Node's types omit. */
export function subjectOf({ subject }: X509Certificate): string | undefined {
  return (subject as string | undefined)?.replaceAll('\n', ', ');
}

function parsed(certificate: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(certificate);
  } catch {
    return undefined;
  }
}
