/** Compares the families of IP addresses. */
import { isIPv4 } from 'node:net';

/** Whether both addresses, as text, belong to the same family. */
export function sameFamily(one: string, other: string): boolean {
  return isIPv4(one) === isIPv4(other);
}
