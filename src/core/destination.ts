/** The destination of a client, and its text in messages. */
import type { HostPort, UNIXAddress } from './address.js';

/** The destination of a connector: a host and a port, or the path of a UNIX socket. */
export type Destination = HostPort | UNIXAddress;

/** The text of a destination in messages. */
export function destinationText(destination: Destination): string {
  if ('path' in destination) return destination.toString();
  return hostPortText(destination.host, destination.port);
}

/** IPv6 addresses get brackets, as in a URL: the port would otherwise look like a part of the address. */
export function hostPortText(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
