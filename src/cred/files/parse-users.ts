/** Parsers of files of users: htpasswd(5) and shadow(5). A malformed line is a problem of that line. */
import { exactName } from '../names.js';
import { MAX_HASH_LENGTH } from '../passwords/parse-hash.js';
import { eachLine } from './each-line.js';
import type { FileProblem } from './reloaded-file.js';

/** Most users of one file. */
export const MAX_USERS = 200_000;

/** Hashes by user name. */
export type Users = ReadonlyMap<string, string>;

/** @param check Throws if a hash is not supported. */
export function parseHtpasswd(
  text: string,
  problem: FileProblem,
  check: (hash: string) => void,
): Users {
  const users = new Map<string, string>();
  eachLine(text, problem, (line, number) => {
    if (line.startsWith('#') || line.trim() === '') return true;
    const colon = line.indexOf(':');
    const [hash = ''] = line.slice(colon + 1).split(':', 1);
    if (colon < 0) problem('it has no colon', number);
    else addUser(users, line.slice(0, colon), hash, { problem, check, number });
    return users.size < MAX_USERS;
  });
  return users;
}

/**
 * Users without a password (`*`, `!`, an empty field), and those whose account or password has expired, are left out.
 * @param today Days since 1 January 1970, UTC.
 */
export function parseShadow(
  text: string,
  problem: FileProblem,
  check: (hash: string) => void,
  today: number,
): Users {
  const users = new Map<string, string>();
  eachLine(text, problem, (line, number) => {
    if (line === '' || line.startsWith('#')) return true;
    const fields = line.split(':', 10);
    const [name = '', hash = ''] = fields;
    if (fields.length !== 9) problem('it does not have nine fields', number);
    else if (hash !== '' && !/^[!*x]/.test(hash) && !hasExpired(fields, today)) {
      addUser(users, name, hash, { problem, check, number });
    }
    return users.size < MAX_USERS;
  });
  return users;
}

function addUser(
  users: Map<string, string>,
  name: string,
  hash: string,
  {
    problem,
    check,
    number,
  }: { problem: FileProblem; check: (hash: string) => void; number: number },
): void {
  if (exactName(name) === undefined || name.includes('\ufffd')) {
    problem('its user name is empty, too long, or has control characters or invalid UTF-8', number);
  } else if (users.has(name)) problem('this user has an earlier line, which is used', number);
  else if (hash.length > MAX_HASH_LENGTH) problem('its hash is too long', number);
  else {
    try {
      check(hash);
      users.set(name, hash);
    } catch (error) {
      problem(`${(error as Error).message}. The user cannot log in`, number, error as Error);
    }
  }
}

/** shadow(5): an empty field is no limit; 0 as the day of the last change asks for a new password. */
function hasExpired(fields: readonly string[], today: number): boolean {
  const [changed, max, inactive, expires] = [2, 4, 6, 7].map((index) => {
    const field = fields[index] ?? '';
    return /^\d{1,9}$/.test(field) ? Number(field) : undefined;
  });
  if (expires !== undefined && today >= expires) return true;
  if (changed === 0) return true;
  if (changed === undefined || max === undefined) return false;
  return today > changed + max + (inactive ?? 0);
}
