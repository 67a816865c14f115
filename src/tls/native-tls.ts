/** The native engine: the addon, over the OpenSSL that the process already carries. */
import { AddonNotLoadedError } from '../core/errors/reactor.js';
import { NativeTLSUnavailableError } from '../core/errors/tls.js';
import { loadAddon, type NativeTLS } from '../native.js';

/** Whether the native engine can be used. */
export interface NativeTLSReport {
  readonly available: boolean;
  /** Of the OpenSSL in this process, such as `OpenSSL 3.0.19 27 Jan 2026`; empty if there is none. */
  readonly version: string;
  /** Why it is not available; empty if it is. */
  readonly reason: string;
}

/** The availability of the native engine, with the reason if it is not available. */
export function nativeTLSReport(): NativeTLSReport {
  try {
    const { version, reason } = loadAddon().tlsReport();
    return { available: reason === '', version, reason };
  } catch (error) {
    if (!(error instanceof AddonNotLoadedError)) throw error;
    return { available: false, version: '', reason: 'the addon is not loaded' };
  }
}

/** @throws NativeTLSUnavailableError */
export function nativeTLS(): NativeTLS {
  const { available, reason } = nativeTLSReport();
  if (!available) throw new NativeTLSUnavailableError(reason);
  return loadAddon();
}
