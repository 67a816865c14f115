/** Compares the families of IP addresses. */
import { isIPv4 } from 'node:net';

/** Whether both addresses, as text, are of one family. */
export function sameFamily(one: string, other: string): boolean {
  return isIPv4(one) === isIPv4(other);
}
