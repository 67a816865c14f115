import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeferredFilesystemLock } from '../../src/defer/filesystem-lock.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { runProgram } from '../support/child.js';
import { exampleUrl } from './programs.js';

const COUNT_WORDS = exampleUrl('task-count-words');
const ONE_AT_A_TIME = exampleUrl('task-one-at-a-time');

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-words-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('task-count-words', () => {
  it('prints the number of words of each file, in their order', async () => {
    const paths = [10_000, 0, 3, 2, 1, 5].map((words, index) =>
      file(`${index}.txt`, 'word \n'.repeat(words)),
    );
    const { code, stdout } = await runProgram(COUNT_WORDS, paths);
    const counts = [10_000, 0, 3, 2, 1, 5].map((words, index) => `${paths[index]}: ${words}\n`);
    expect({ code, stdout }).toEqual({ code: 0, stdout: counts.join('') });
  });

  it('says which file can not be read, exit code 1', async () => {
    const missing = join(folder, 'missing.txt');
    const { code, stdout, stderr } = await runProgram(COUNT_WORDS, [file('a.txt', 'a'), missing]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(missing);
  });

  it('says how it is used where it is given no file, exit code 2', async () => {
    const { code, stdout, stderr } = await runProgram(COUNT_WORDS);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe('usage: task-count-words FILE...\n');
  });
});

describe('task-one-at-a-time', () => {
  it('works, and leaves no lock behind', async () => {
    const path = join(folder, 'work.lock');
    const { code, stdout, stderr } = await runProgram(ONE_AT_A_TIME, [path]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^(working\n){0,2}done\n$/);
    expect(existsSync(path)).toBe(false);
  });

  it('leaves the work to who is at it, exit code 3', async () => {
    const lock = new DeferredFilesystemLock(join(folder, 'work.lock'), new ManualClock());
    lock.lock();
    const result = await runProgram(ONE_AT_A_TIME, [lock.path]);
    expect(result).toEqual({ code: 3, signal: null, stdout: '', stderr: '' });
    lock.unlock();
  });
});
