/** Where a client connects to, and how messages show it. */
import type { HostPort, UNIXAddress } from './address.js';

/** Where a connector connects to: a host and a port, or the path of a UNIX socket. */
export type Destination = HostPort | UNIXAddress;

/** A destination as messages show it. */
export function destinationText(destination: Destination): string {
  if ('path' in destination) return destination.toString();
  return hostPortText(destination.host, destination.port);
}

/** IPv6 addresses get brackets, as in a URL: the port would otherwise look like a part of the address. */
export function hostPortText(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
