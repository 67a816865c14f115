/** The messages of failed handshakes say what to do. */
import { describe, expect, it } from 'vitest';
import { TLSCertificateError } from '../../src/core/errors/tls.js';
import { checkOptions } from '../../src/internal/options.js';
import { errorOf } from '../../src/tls/failures.js';

const failure = {
  alert: -1,
  alertReceived: false,
  verifyResult: 0,
  depth: 0,
  certificate: undefined,
};

describe('a failed handshake', () => {
  it.each([
    ['http request', 'TLS failed: http request. The peer sent an HTTP request without TLS'],
    ['wrong version number', 'TLS failed: wrong version number. The peer probably does not speak'],
  ])('with the reason %j names the fault', (reason, message) => {
    expect(errorOf({ ...failure, reason }).message).toContain(message);
  });

  it.each([
    ['SSLV3_ALERT_HANDSHAKE_FAILURE', 40, 'It may require a certificate of this side'],
    ['TLSV1_ALERT_ACCESS_DENIED', 49, 'refused its owner'],
  ])('with the alert %s gives advice', (reason, alert, advice) => {
    expect(errorOf({ ...failure, reason, alert, alertReceived: true }).message).toContain(advice);
  });

  it('names the fault that the alert of the peer reports', () => {
    const reason = 'TLSV1_ALERT_UNKNOWN_CA';
    const { message } = errorOf({ ...failure, reason, alert: 48, alertReceived: true });
    expect(message).toBe(
      'the peer ended TLS with an alert: tlsv1 alert unknown ca. It does not trust the certificate of this side',
    );
  });

  it('gives no advice for other reasons', () => {
    expect(errorOf({ ...failure, reason: 'bad extension' }).message).toBe(
      'TLS failed: bad extension',
    );
  });
});

it('a refused certificate: the message ends with the remedy', () => {
  const { message } = new TLSCertificateError({
    reason: 'wrong-name',
    detail: 'x',
    subject: 'CN=a',
    depth: 0,
  });
  expect(message).toBe(
    "the peer's certificate was refused: x (CN=a, depth 0). Check the host, or set hostname to a name in the certificate",
  );
});

it.each([
  ['ca', 'trustRoots'],
  ['cert', 'identity'],
  ['rejectUnauthorized', 'TRUST_ANY'],
  ['requestCert', 'clientCertificates'],
  ['servername', 'hostname'],
  ['SNICallback', 'serverNames'],
])('the option %j of node:tls leads to %s', (option, advice) => {
  expect(() => checkOptions('f', { [option]: 1 } as object, {})).toThrow(advice);
});
