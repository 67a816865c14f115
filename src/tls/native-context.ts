/** Settings as a context of the addon, which uses the OpenSSL of the process. */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import tls from 'node:tls';

import type { NativeTLS, NativeTLSContext, NativeTLSRoots } from '../native.js';
import { nativeTLS } from './native-tls.js';
import { contextError } from './node-context.js';
import type { TLSSettings } from './settings.js';

/** @throws TLSContextError, NativeTLSUnavailableError */
export function nativeContext(settings: TLSSettings, isServer: boolean): NativeTLSContext {
  const native = nativeTLS();
  const { roots, crls, trust, peerCertificate } = settings;
  try {
    const trusted =
      trust === 'roots' && peerCertificate !== 'ignored' ? rootsOf(native, settings) : undefined;
    // The names of the system's roots would fill a record, and say nothing to clients.
    const named = isServer && trusted !== undefined && roots !== 'system' ? roots : [];
    // The bytes that Node's engine uses, so that sessions move between the engines.
    const sessionIdContext = Buffer.from(settings.sessionIdContext.toString('hex').slice(0, 32));
    return native.createTlsContext({ ...settings, sessionIdContext }, isServer, trusted, named);
  } catch (cause) {
    throw contextError(settings, cause);
  }

  function rootsOf(from: NativeTLS, { roots: own }: TLSSettings): NativeTLSRoots {
    if (own !== 'system') return from.createTlsRoots(own, crls);
    if (crls.length > 0) return from.createTlsRoots(systemRoots(), crls);
    systemStore ??= from.createTlsRoots(systemRoots(), []);
    return systemStore;
  }
}

/** All contexts without CRLs share it: it takes 1 MiB. */
let systemStore: NativeTLSRoots | undefined;

const CERTIFICATES = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g;

/**
 * The root certificates that `node:tls` trusts by default, DER. Before Node 22.15 these are the bundled ones and those of
 * `NODE_EXTRA_CA_CERTS`, whatever `--use-openssl-ca` says.
 */
function systemRoots(): Buffer[] {
  const { getCACertificates } = tls as {
    getCACertificates?: (type: 'default') => readonly string[];
  };
  const pems = getCACertificates?.('default') ?? [...tls.rootCertificates, extraRoots()];
  return pems.flatMap((pem) =>
    [...pem.matchAll(CERTIFICATES)].map(([, base64 = '']) => Buffer.from(base64, 'base64')),
  );
}

/** Node ignores a file that cannot be read, with a warning. */
function extraRoots(): string {
  const { NODE_EXTRA_CA_CERTS: file = '' } = process.env;
  try {
    return file === '' ? '' : readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
