/** Reads a query from its line (RFC 1288 section 2.3). */
import { isUtf8 } from 'node:buffer';
import { checkHost } from '../../internal/host.js';
import { hasControls } from '../../internal/network-text.js';
import { InvalidFingerQueryError } from './errors.js';
import type { FingerQuery } from './events.js';

/** `/W` in either case, followed by spaces, the first host or the end. */
const VERBOSE = /^\/W(?=[ @]|$)/i;

/**
 * Reads a query.
 * @param line Without its CRLF.
 * @throws InvalidFingerQueryError it is not UTF-8, has control characters, or something else than a name behind an `@`.
 */
export function parseFingerQuery(line: Buffer): FingerQuery {
  if (!isUtf8(line)) throw new InvalidFingerQueryError('it is not UTF-8');
  const text = line.toString();
  if (hasControls(text)) throw new InvalidFingerQueryError('it has control characters');
  let verbose = false;
  let rest = trimSpaces(text);
  for (; VERBOSE.test(rest); verbose = true) rest = trimSpaces(rest.slice(2));
  const [user = '', ...hosts] = rest.split('@').map(trimSpaces);
  for (const host of hosts) checkHostOf(host);
  return { user: user === '' ? undefined : user, verbose, hosts };
}

function checkHostOf(host: string): void {
  try {
    checkHost('host', host);
  } catch {
    throw new InvalidFingerQueryError('a host with an invalid name');
  }
}

/** Spaces only, unlike `trim`. A loop, because a pattern for the end takes quadratic time. */
export function trimSpaces(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text[start] === ' ') start++;
  while (end > start && text[end - 1] === ' ') end--;
  return text.slice(start, end);
}
