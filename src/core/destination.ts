/** Where a client connects to, and how messages show it. */
import type { HostPort, UNIXAddress } from './address.js';

/** Where a connector connects to: a host and a port, or the path of a UNIX socket. */
export type Destination = HostPort | UNIXAddress;

/** A destination as messages show it. */
export function destinationText(destination: Destination): string {
  if ('path' in destination) return destination.toString();
  return `${destination.host}:${destination.port}`;
}
