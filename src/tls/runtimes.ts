/** What `node:tls` of other runtimes than Node lacks. The tests of certificates ran on Bun 1.4 and on Deno 2.9. */
import process from 'node:process';

import { UnsupportedError } from '../core/errors/reactor.js';
import type { TLSRole } from '../core/tls.js';
import type { TLSSettings } from './settings.js';

/** @throws UnsupportedError the connections of this context could not be verified, or would fail. */
export function checkRuntime(
  role: TLSRole,
  { peerCertificate }: Pick<TLSSettings, 'peerCertificate'>,
  versions: Readonly<Record<string, string | undefined>> = process.versions,
): void {
  const { bun, deno } = versions;
  if (bun === undefined && deno === undefined) return;
  if (role === 'client') {
    if (deno === undefined) return;
    const why =
      'node:tls of Deno ignores revocation lists and does not report a clean end. Use Node or Bun';
    throw new UnsupportedError('TLSClientContext', why);
  }
  if (peerCertificate === 'ignored') return;
  const why = `node:tls of ${deno === undefined ? 'Bun' : 'Deno'} does not report to servers whether a certificate is valid. Use Node`;
  throw new UnsupportedError('clientCertificates', why);
}
