/** The value of Authorization or Proxy-Authorization of Basic authentication (RFC 7617), in UTF-8. */
import { Buffer } from 'node:buffer';

export function basicCredentials(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
