import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runProgram } from '../support/child.js';

const example = (name: string): URL => new URL(`../../examples/${name}.ts`, import.meta.url);

it('the logging examples write and read events', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ropewalk-log-'));
  try {
    const path = join(folder, 'chat.log');
    const written = await runProgram(example('logging'), [path]);
    expect(written).toMatchObject({ code: 0, stderr: '' });
    const lines = written.stdout.split('\n').filter((line) => /^\d/.test(line));
    expect(lines.map((line) => line.replace(/^\S+ /, ''))).toEqual([
      `[chat.rooms#info] starting with ["${path}"]`,
      '[chat.rooms#debug] shown from now on',
      '[chat.rooms#info] ann joined a',
      '[chat.rooms#warn] 120 messages wait, 60.0%',
      '[chat.rooms#error] while saving a',
      '[ropewalk#critical] delayed call: of a callback',
    ]);
    expect(readFileSync(path, 'utf8') + written.stdout).not.toContain('hunter2');
    const read = await runProgram(example('logging-read'), [path]);
    expect(read.stdout.split('\n')).toContain('chat.rooms info: 2');
    expect(read.stdout.split('\n')).toContain('ropewalk critical: 1');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('the example of captured logs shows them', async () => {
  const { stdout } = await runProgram(example('logging-test'));
  expect(stdout).toBe("[ 'ann joined' ]\n{ user: 'ann' }\n");
});
