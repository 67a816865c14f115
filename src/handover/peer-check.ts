/** Checks the processes that take part in a hand-over. */
import { UnsupportedError } from '../core/errors/reactor.js';
import type { Reactor } from '../core/reactor.js';
import type { Transport, UNIXTransport } from '../core/transport.js';
import { checkHasDescriptors } from '../internal/platform.js';

/** Whether the process at the other end is trusted: it must run as this process's user or root. */
export function isTrusted(transport: Transport): boolean {
  const peer = (transport as UNIXTransport).getPeerCredentials();
  return peer !== undefined && (peer.uid === process.geteuid?.() || peer.uid === 0);
}

/** @throws UnsupportedError */
export function checkSendsDescriptors(reactor: Reactor, feature: string): void {
  checkHasDescriptors(feature);
  if (reactor.kind === 'native') return;
  throw new UnsupportedError(feature, 'only the native reactor sends and receives descriptors');
}
