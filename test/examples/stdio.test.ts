/** The programs of docs/howto/stdio.md. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { command, runProgram } from '../support/child.js';
import { needs } from '../support/platform.js';
import { exampleUrl, KINDS, on } from './programs.js';

const env = (kind: string) => ({ ...process.env, NODE_OPTIONS: '', ...on(kind as never).env });

describe.each(KINDS)('the programs of stdio (%s)', (kind) => {
  it('count lines', () => {
    needs('fifos');
    const options = {
      input: 'one\ntwo\n',
      env: env(kind),
      encoding: 'utf8',
      timeout: 15_000,
    } as const;
    const result = spawnSync(process.execPath, command(exampleUrl('stdio-count')), options);
    expect(result).toMatchObject({ status: 0, stdout: '2 lines, 8 bytes\n', stderr: '' });
  });

  it('show keys of a terminal', () => {
    needs('fifos');
    const program = [process.execPath, ...command(exampleUrl('stdio-keys'))].join(' ');
    // script(1) passes its input on to the terminal.
    const options = { input: 'aq', env: env(kind), encoding: 'utf8', timeout: 15_000 } as const;
    const { stdout } = spawnSync('script', ['-qec', program, '/dev/null'], options);
    expect(stdout).toMatch(/Press keys; q ends\.\r\n[\s\S]*"[^"]*q/);
  });

  it('report what is no terminal or no serial line', async () => {
    needs('fifos');
    const keys = await runProgram(exampleUrl('stdio-keys'), [], on(kind));
    expect(keys).toMatchObject({
      code: 0,
      stdout: 'stdio-keys: standard input is not a terminal\n',
    });
    const args = ['--device', '/dev/nonexistent'];
    const serial = await runProgram(exampleUrl('serial-terminal'), args, on(kind));
    expect(serial.code).toBe(1);
    expect(serial.stderr).toContain('serial-terminal: cannot open /dev/nonexistent: ENOENT');
  });
});
