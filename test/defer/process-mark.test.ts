import { hostname } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isDead, makeMark } from '../../src/defer/process-mark.js';

/** What is read in place of /proc: undefined is what the system has. */
let stat: string | Error | undefined;

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  const readFileSync = (path: string, encoding: BufferEncoding): string => {
    if (stat === undefined) return fs.readFileSync(path, encoding);
    if (stat instanceof Error) throw stat;
    return stat;
  };
  return { ...fs, readFileSync };
});

afterEach(() => {
  stat = undefined;
  vi.restoreAllMocks();
});

const HOST = encodeURIComponent(hostname());
const UNIQUE = '0123456789abcdef';
const mark = (pid: number | string, began = ''): string => `${pid}.${began}.${UNIQUE}@${HOST}`;

/** proc(5): a name with spaces and parentheses, field 3 the state, field 22 the time of beginning. */
const procStat = (state: string, began: string): string =>
  `1 (a) b) ${state} ${Array(18).fill('0').join(' ')} ${began} 0`;

/** A process whose number is known to be taken: kill(2) finds it, or would not be allowed to. */
const alive = (code?: string): void => {
  vi.spyOn(process, 'kill').mockImplementation(() => {
    if (code !== undefined) throw Object.assign(new Error(code), { code });
    return true;
  });
};

describe('makeMark', () => {
  it('names this process and host, each time anew', () => {
    const marks = [makeMark(), makeMark()];
    expect(marks[0]).not.toBe(marks[1]);
    for (const each of marks) {
      expect(each).toMatch(new RegExp(`^${process.pid}\\.\\d*\\.[0-9a-f]{16}@`));
      expect(each.endsWith(`@${HOST}`)).toBe(true);
      expect(each).not.toContain('/');
    }
  });

  it('does without the time of beginning where there is no /proc', () => {
    stat = new Error('ENOENT');
    expect(makeMark()).toMatch(/^\d+\.\.[0-9a-f]{16}@/);
  });
});

describe('isDead', () => {
  it('is false of this process', () => {
    expect(isDead(makeMark())).toBe(false);
  });

  it('is true of a process that is not there', () => {
    expect(isDead(mark(2147483646))).toBe(true);
  });

  it('is false of a process of another user', () => {
    alive('EPERM');
    stat = procStat('S', '77');
    expect(isDead(mark(1, '77'))).toBe(false);
  });

  it('is true where another process has the number now', () => {
    alive();
    stat = procStat('S', '99');
    expect(isDead(mark(1, '77'))).toBe(true);
    expect(isDead(mark(1, '99'))).toBe(false);
  });

  it.each(['Z', 'X'])(
    'is true of a process that has ended but is not reaped (state %s)',
    (state) => {
      alive();
      stat = procStat(state, '77');
      expect(isDead(mark(1, '77'))).toBe(true);
    },
  );

  it('goes by the number where either does not know when it began', () => {
    alive();
    stat = procStat('S', '99');
    expect(isDead(mark(1))).toBe(false);
    stat = new Error('ENOENT');
    expect(isDead(mark(1, '77'))).toBe(false);
    stat = 'nonsense';
    expect(isDead(mark(1, '77'))).toBe(false);
  });

  it('is false of another host, and of any other text', () => {
    const unknown = [
      `2147483646.1.${UNIQUE}@elsewhere`,
      `2147483646.1.${UNIQUE}`,
      '2147483646',
      mark(0),
      mark('99999999999'),
      mark('abc'),
      '',
    ];
    expect(unknown.filter(isDead)).toEqual([]);
  });
});
