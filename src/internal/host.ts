/** Checks hosts given as text. Most mistakes are URLs, or hosts that have the port or a user name attached. */
import { isIP } from 'node:net';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkString } from './check.js';
import { withScopeSpelled } from './interface-names.js';

/** Controls, space and the characters that end a host in a URL. Underscores and similar are in use, and DNS allows all. */
const FORBIDDEN = /[\0-\x20\x7f"#%/:<>?@[\\\]^`{|}]/;

/**
 * Longer than any name or address, an interface's name included. Names have at most 253 bytes in ASCII (RFC 1035), and each
 * character of an international name takes at least one.
 */
const MAX_LENGTH = 1024;

function isAddress(text: string): boolean {
  return text.length <= MAX_LENGTH && isIP(text) !== 0;
}

/**
 * Advice for a text that is not an IP address and cannot be a host name either: it is empty or contains a character that no name
 * has, or it is longer than any. Undefined for every other text.
 */
export function hostAdvice(text: string): string | undefined {
  if (text === '') return 'it is empty';
  if (text.length > MAX_LENGTH) return `it has ${text.length} characters`;
  const forbidden = FORBIDDEN.exec(text);
  if (forbidden === null) return undefined;
  if (text.startsWith('[')) return 'IPv6 addresses are written without brackets, as in "::1"';
  if (text.includes('/')) return 'use only the host name of a URL';
  if (text.includes('@')) return 'use only the part after the "@"';
  if (/^[^:]+:\d+$/.test(text)) return 'the port is given separately';
  return `it contains ${JSON.stringify(forbidden[0])}`;
}

/**
 * A host name or an IP address. Whether the name exists is a matter of its look-up.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function checkHost(what: string, value: unknown): string {
  const host = checkString(what, value);
  if (isAddress(host)) return host;
  const advice = hostAdvice(host);
  if (advice === undefined) return host;
  throw new InvalidArgumentValueError(what, 'a name or an IP address', host, advice);
}

/**
 * An IP address, with its scope spelled as everywhere; or the empty string, for the system's choice.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function checkLocalAddress(what: string, value: unknown): string {
  const address = checkString(what, value);
  if (address === '' || isAddress(address)) return withScopeSpelled(address);
  throw new InvalidArgumentValueError(what, 'an IP address', address, hostAdvice(address));
}
