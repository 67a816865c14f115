/** Writes queries and answers. */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { checkBoolean, checkString } from '../../internal/check.js';
import { checkHost } from '../../internal/host.js';
import { hasControls, toNetworkText } from '../../internal/network-text.js';
import type { FingerQuery } from './events.js';
import { trimSpaces } from './parser.js';

const CRLF = '\r\n';

/**
 * The line of a query.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError a name is empty, contains control characters or characters with a
 * meaning of their own.
 */
export function serializeFingerQuery(query: FingerQuery): Buffer {
  const { user, verbose, hosts } = query;
  if (user !== undefined) checkUser(user);
  checkBoolean('verbose', verbose);
  for (const host of hosts) checkHost('a host of the query', host);
  const name = [user ?? '', ...hosts].join('@');
  const line = verbose ? `/W${name === '' ? '' : ' '}${name}` : name;
  return Buffer.from(line + CRLF);
}

/** An answer: lines end with CRLF, the last one too, and control characters are visible (RFC 1288 section 3.3). */
export function serializeFingerAnswer(text: string): Buffer {
  if (text === '') return Buffer.alloc(0);
  return toNetworkText(/[\r\n]$/.test(text) ? text : `${text}\n`);
}

/** A name that the parser reads as the same name. */
function checkUser(user: unknown): void {
  const name = checkString('user', user);
  const ambiguous = name === '' || trimSpaces(name) !== name || /^\/W( |$)/i.test(name);
  if (!ambiguous && !name.includes('@') && !hasControls(name)) return;
  const expected = 'a name without "@", control characters, and spaces around it';
  throw new InvalidArgumentValueError('user', expected, name);
}
