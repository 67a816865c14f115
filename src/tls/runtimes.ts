/** Features that `node:tls` lacks on runtimes other than Node. The tests of certificates ran on Bun 1.4 and on Deno 2.9. */
import process from 'node:process';

import { UnsupportedError } from '../core/errors/reactor.js';
import type { TLSRole } from '../core/tls.js';
import type { TLSSettings } from './settings.js';

/** @throws UnsupportedError the connections of this context could not be verified, or would fail. */
export function checkRuntime(
  role: TLSRole,
  { peerCertificate, selectsByName }: Pick<TLSSettings, 'peerCertificate' | 'selectsByName'>,
  versions: Readonly<Record<string, string | undefined>> = process.versions,
): void {
  const { bun, deno } = versions;
  if (bun === undefined && deno === undefined) return;
  if (role === 'client') {
    const why = faultOfClients(bun, deno);
    if (why === undefined) return;
    throw new UnsupportedError('TLSClientContext', why);
  }
  if (selectsByName && bun !== undefined) {
    const why =
      'node:tls of Bun does not tell servers the name that a client asks for. Use Node or Deno';
    throw new UnsupportedError('serverNames or selectContext', why);
  }
  if (peerCertificate === 'ignored') return;
  const why = `node:tls of ${deno === undefined ? 'Bun' : 'Deno'} does not report to servers whether a certificate is valid. Use Node`;
  throw new UnsupportedError('clientCertificates', why);
}

function faultOfClients(bun: string | undefined, deno: string | undefined): string | undefined {
  if (deno !== undefined) {
    return 'node:tls of Deno ignores revocation lists and does not report a clean end. Use Node or Bun';
  }
  const [major = 0, minor = 0] = (bun ?? '').split('.').map(Number);
  if (major > 1 || minor >= 4) return undefined;
  // A certificate is not verified again when a session is resumed.
  return `node:tls of Bun ${bun} can report a new session as a resumed one. Use Bun 1.4 or later`;
}
