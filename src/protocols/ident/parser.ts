/** Reads the lines of RFC 1413. Spaces and tabs around the fields are ignored, as servers and clients write them differently. */
import { isUtf8 } from 'node:buffer';
import { hasControls } from '../../internal/network-text.js';
import { InvalidIdentMessageError } from './errors.js';
import {
  type IdentAnswer,
  type IdentProblem,
  type IdentQuery,
  MAX_PORT,
  MAX_USER_ID_BYTES,
} from './events.js';

/** Up to ten digits: the answer to an invalid port repeats it. */
const PORT = /^\d{1,10}$/;
const PROBLEM = /^(?:INVALID-PORT|NO-USER|HIDDEN-USER|UNKNOWN-ERROR|X[!-~]{0,63})$/;

/**
 * Reads a query.
 * @param line Without its CRLF.
 * @returns Ports that may be invalid: see {@link isValidQuery}.
 * @throws InvalidIdentMessageError
 */
export function parseIdentQuery(line: Buffer): IdentQuery {
  return portsOf(line.toString('latin1'));
}

/** Whether both ports are 1 to 65,535. The answer to others is INVALID-PORT. */
export function isValidQuery({ localPort, remotePort }: IdentQuery): boolean {
  return [localPort, remotePort].every((port) => port >= 1 && port <= MAX_PORT);
}

/**
 * Reads the answer to a query. The user's name is UTF-8, or else ISO 8859-1.
 * @param line Without its CRLF.
 * @throws InvalidIdentMessageError it is malformed, or the answer to another query.
 */
export function parseIdentAnswer(line: Buffer, query: IdentQuery): IdentAnswer {
  const text = line.toString(isUtf8(line) ? 'utf8' : 'latin1');
  const [ports = '', type = '', third = '', ...rest] = text.split(':');
  const { localPort, remotePort } = portsOf(ports);
  if (localPort !== query.localPort || remotePort !== query.remotePort) {
    throw new InvalidIdentMessageError('the answer to another query');
  }
  switch (trimBlanks(type).toUpperCase()) {
    case 'ERROR':
      return problemOf(trimBlanks([third, ...rest].join(':')));
    case 'USERID':
      return userOf(third, rest);
    default:
      throw new InvalidIdentMessageError('neither USERID nor ERROR');
  }
}

function problemOf(text: string): IdentAnswer {
  const problem = text.toUpperCase();
  if (!PROBLEM.test(problem)) throw new InvalidIdentMessageError('an unknown kind of error');
  return { problem: problem as IdentProblem };
}

function userOf(system: string, rest: readonly string[]): IdentAnswer {
  const [name = ''] = system.split(',');
  const userId = trimBlanks(rest.join(':'));
  if (rest.length === 0 || userId === '') throw new InvalidIdentMessageError('no user');
  if (hasControls(userId)) throw new InvalidIdentMessageError('a user with control characters');
  if (userId.length > MAX_USER_ID_BYTES) {
    throw new InvalidIdentMessageError(`a user of more than ${MAX_USER_ID_BYTES} bytes`);
  }
  if (!/^[!-~]{1,64}$/.test(trimBlanks(name))) throw new InvalidIdentMessageError('no system');
  return { userId, system: trimBlanks(name) };
}

function portsOf(text: string): IdentQuery {
  const [local = '', remote = '', ...more] = text.split(',').map(trimBlanks);
  if (more.length > 0 || !PORT.test(local) || !PORT.test(remote)) {
    throw new InvalidIdentMessageError('no pair of ports');
  }
  return { localPort: Number(local), remotePort: Number(remote) };
}

/** Spaces and tabs only. A loop, because a pattern for the end takes quadratic time. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start++;
  while (end > start && isBlank(text[end - 1])) end--;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
