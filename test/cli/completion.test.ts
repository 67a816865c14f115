/** `ropewalk completion`, in the shells that are installed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';
import { MAIN, RunFolder } from './run-program.js';

const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

async function scriptFor(shell: string): Promise<string> {
  const { code, stdout, stderr } = await runProgram(MAIN, ['completion', shell]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe.skipIf(!has('bash'))('the completion of bash', () => {
  let script = '';

  beforeAll(async () => {
    script = await scriptFor('bash');
  });

  it.each([
    [['ru'], ['run']],
    [['d'], ['dashboard', 'demo', 'doctor']],
    [['run', '--w'], ['--workers']],
    [
      ['web', '--l'],
      ['--listen', '--log', '--log-file'],
    ],
    [['demo', '--ch'], ['--chat-port']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['help', 'ta'], ['talk']],
    [['run', 'no-flag'], []],
  ])('completes %j', (words, expected) => {
    const list = ['ropewalk', ...words].map((word) => `'${word}'`).join(' ');
    const ask = `COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _ropewalk; echo "\${COMPREPLY[@]}"`;
    const answer = execFileSync('bash', ['-c', `${script}\n${ask}`], { encoding: 'utf8' });
    expect(answer.split(/\s+/).filter(Boolean)).toEqual(expected);
  });
});

describe('ropewalk completion', () => {
  it.each(['bash', 'zsh', 'fish'])('prints a script without errors for %s', async (shell) => {
    const script = await scriptFor(shell);
    expect(script).toContain('workers');
    if (!has(shell)) return;
    using folder = new RunFolder();
    const file = folder.write(script, 'script');
    const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('refuses other shells', async () => {
    const { code, stderr } = await runProgram(MAIN, ['completion', 'csh']);
    expect([code, stderr]).toEqual([
      2,
      'ropewalk: the shell is one of bash, zsh, fish, not "csh"\n',
    ]);
  });
});
