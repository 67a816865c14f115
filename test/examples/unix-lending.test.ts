/** The program of docs/howto/unix.md. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Child, runProgram } from '../support/child.js';
import { exampleUrl } from './programs.js';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('unix-lending', () => {
  it('reads the file it was lent, and leaves no socket behind', async () => {
    const path = join(folder, 'lending.sock');
    const file = join(folder, 'lent.txt');
    writeFileSync(file, 'first line\nsecond line\n');
    const program = new Child(exampleUrl('unix-lending'), ['--path', path, '--file', file]);
    await using _program = program;
    const { pid } = program.process;
    const { code, stdout, stderr } = await program.result();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      `listening on ${path}\n${file} is lent to process ${pid}\nit begins: first line\n`,
    );
    expect(readdirSync(folder)).toEqual(['lent.txt']);
  });

  it('takes the place of one that was killed', async () => {
    const path = join(folder, 'lending.sock');
    // Opening it waits for a writer: the first program does not get further.
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const killed = new Child(exampleUrl('unix-lending'), ['--path', path, '--file', fifo]);
    await using _killed = killed;
    await killed.printed(/is lent/);
    killed.process.kill('SIGKILL');
    await killed.result();
    expect(readdirSync(folder).sort()).toEqual(['fifo', 'lending.sock', 'lending.sock.lock']);
    const { code, stderr } = await runProgram(exampleUrl('unix-lending'), ['--path', path]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(readdirSync(folder)).toEqual(['fifo']);
  });
});
