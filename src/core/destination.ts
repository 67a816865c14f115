/** The destination of a client, and its text in messages. */
import type { HostPort, UNIXAddress } from './address.js';

/** The destination of a connector: a host and a port, or the path of a UNIX socket. */
export type Destination = HostPort | UNIXAddress;

/** The text of a destination in messages. */
export function destinationText(destination: Destination): string {
  if ('path' in destination) return destination.toString();
  return `${destination.host}:${destination.port}`;
}
