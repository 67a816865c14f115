/** Warns about own certificates that every peer refuses because of their dates. */
import { X509Certificate } from 'node:crypto';
import { withoutStack } from '../core/errors/base.js';
import { TLSContextError } from '../core/errors/tls.js';
import { reportError } from '../internal/error-report.js';
import { subjectOf } from './failures.js';

/** Of certificates with a warning: a context may read one many times. */
const warned = new Set<string>();
const MAX_WARNED = 1_000;

/** Reports once that the certificate has expired or is not valid yet. @param what Its option. @param der Undefined: unknown. */
export function warnOfDates(what: string, der: Buffer | undefined): void {
  if (der === undefined) return;
  const certificate = new X509Certificate(der);
  const [from, to] = [certificate.validFrom, certificate.validTo].map((date) => Date.parse(date));
  const now = Date.now();
  const fault = now > Number(to) ? 'has expired' : now < Number(from) ? 'is not valid yet' : '';
  if (fault === '' || warned.has(certificate.fingerprint256)) return;
  if (warned.size === MAX_WARNED) warned.clear();
  warned.add(certificate.fingerprint256);
  const dates = [from, to].map((date) => new Date(Number(date)).toISOString()).join(' to ');
  const subject = subjectOf(certificate) ?? 'without a subject';
  reportError(
    withoutStack(
      () => new TLSContextError(`${what} ${fault} (${subject}, ${dates}): peers refuse it`),
    ),
    'the certificate of a TLS context',
  );
}
