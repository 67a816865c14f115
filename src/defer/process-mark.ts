/**
 * Names a process so that another can later find out whether it is still alive. Process numbers are reused, after a restart
 * of a container even by the same program, so if the system shows when a process began, that is part of the name.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

import type { SystemError } from '../core/errors/base.js';

/** `number.began.unique@host`; `began` is empty if the system has no /proc. */
const MARK = /^([1-9]\d{0,9})\.(\d*)\.[0-9a-f]{16}@(.+)$/;

/** A mark of this process; each is different. */
export function makeMark(): string {
  const { began } = lookUp(process.pid);
  const unique = randomBytes(8).toString('hex');
  return `${process.pid}.${began}.${unique}@${thisHost()}`;
}

/** Whether the process of that mark is known to have ended. False for processes of other hosts, and for other texts. */
export function isDead(mark: string): boolean {
  const [, pid = '', began = '', host = ''] = MARK.exec(mark) ?? [];
  if (host !== thisHost()) return false;
  if (!exists(Number(pid))) return true;
  const now = lookUp(Number(pid));
  return now.ended || (now.began !== '' && began !== '' && now.began !== began);
}

function thisHost(): string {
  return encodeURIComponent(hostname());
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as SystemError).code !== 'ESRCH';
  }
}

/** A process in proc(5): fields 3 and 22 of its stat file. Field 2, a name in parentheses, may contain any characters. */
function lookUp(pid: number): { began: string; ended: boolean } {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return { began: '', ended: false };
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { began: fields[19] ?? '', ended: fields[0] === 'Z' || fields[0] === 'X' };
}
