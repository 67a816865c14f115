/** Changes the user and the group of the process. */
import { execFileSync } from 'node:child_process';

import { UsageError } from './usage-error.js';

/** Numbers of passwd(5) and group(5). */
export interface Account {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/**
 * @param user Name or number.
 * @param group Name or number. Default: the group of the user.
 * @returns Undefined if neither is given.
 * @throws UsageError there is no such user or group, or this system has none.
 */
export function accountOf(
  user: string | undefined,
  group: string | undefined,
): Account | undefined {
  if (user === undefined && group === undefined) return undefined;
  if (process.setuid === undefined) {
    throw new UsageError('--uid and --gid are not available on this system');
  }
  const uid = user === undefined ? undefined : numberOf('uid', user, ['id', '-u', '--', user]);
  if (group !== undefined) {
    return { uid, gid: numberOf('gid', group, ['getent', 'group', '--', group]) };
  }
  const gid = numberOf('uid', user as string, ['id', '-g', '--', user as string], false);
  return { uid, gid };
}

/** Asks the system's own programs, which know all sources of accounts. */
function numberOf(
  flag: 'uid' | 'gid',
  name: string,
  [program = '', ...args]: readonly string[],
  mayBeNumber = true,
): number {
  if (mayBeNumber && /^\d{1,9}$/.test(name)) return Number(name);
  const kind = flag === 'uid' ? 'user' : 'group';
  let output: string;
  try {
    output = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      throw new UsageError(`--${flag} needs the program ${program}, or a number`);
    throw new UsageError(`--${flag}: there is no ${kind} "${name}"`);
  }
  // getent prints an entry: name, password, number.
  const text = program === 'getent' ? output.split(':')[2] : output;
  return Number(text?.trim());
}

/**
 * Gives up the groups, the group and the user of the process, in that order.
 * @throws SystemError the process may not. @throws Error the process could take its privileges back.
 */
export function dropPrivileges({ uid, gid }: Account): void {
  const isRoot = process.geteuid?.() === 0;
  if (gid !== undefined && gid !== process.getegid?.()) {
    if (isRoot) process.setgroups?.([gid]);
    process.setgid?.(gid);
  } else if (gid !== undefined && isRoot) process.setgroups?.([gid]);
  if (uid === undefined || (uid === process.geteuid?.() && uid === process.getuid?.())) return;
  process.setuid?.(uid);
  if (uid === 0) return;
  try {
    process.setuid?.(0);
  } catch {
    return;
  }
  throw new Error('the privileges of root could be taken back after they were dropped');
}
