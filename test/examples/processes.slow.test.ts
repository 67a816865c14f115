/** The programs of docs/howto/processes.md. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Child, runProgram } from '../support/child.js';
import { needs } from '../support/platform.js';
import { exampleUrl, KINDS, on } from './programs.js';

const PAGE = readFileSync(new URL('../../docs/howto/processes.md', import.meta.url), 'utf8');

describe.each(KINDS)('the programs with child processes (%s)', (kind) => {
  const run = (name: string, args: string[]) => {
    needs('descriptors');
    return runProgram(exampleUrl(name), args, on(kind));
  };

  it('sort lines, as the page says', async () => {
    const args = ['pear', 'apple', 'fig'];
    const { code, stdout, stderr } = await run('process-filter', args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(PAGE).toContain(`process-filter.ts ${args.join(' ')}\n${stdout}\`\`\``);
  });

  it.runIf(kind === KINDS[0])('print the output of a command, or why it failed', async () => {
    expect(await run('process-output', ['echo hello'])).toMatchObject({
      stdout: 'hello\n',
      code: 0,
    });
    const { code, stderr } = await run('process-output', ['echo no >&2; exit 3']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'process-output: "/bin/sh": the process exited with 3: no\n',
    });
  });

  it('supervise programs: start again, pass on lines, stop in order', async () => {
    needs('descriptors');
    const args = [
      '--restart-ms',
      '1',
      '--run',
      'one=echo up; exec sleep 60',
      '--run',
      'two=exit 4',
    ];
    await using supervisor = new Child(exampleUrl('supervisor'), args, on(kind));
    const [, pid] = await supervisor.printed(/^one: started, process (\d+)$/m);
    await supervisor.printed(/^\[one\] up$/m);
    await supervisor.printed(/^two: the process exited with 4; starts again in 2 ms$/m);
    process.kill(Number(pid), 'SIGKILL');
    await supervisor.printed(/^one: the process was ended by SIGKILL; starts again in 1 ms$/m);
    await supervisor.printed(/up\n.*\[one\] up\n/s);
    supervisor.process.kill('SIGTERM');
    const { stdout } = await supervisor.result();
    expect(stdout).toMatch(/one: stopped\n$/);
  });
});

describe.skipIf(!KINDS.includes('native'))('the program under a terminal', () => {
  it('sees the size of its terminal, and a change', async () => {
    needs('descriptors');
    const program = exampleUrl('process-terminal');
    const { code, stdout, stderr } = await runProgram(program, [], on('native'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/24 80\r\n.*50 132\r\n/s);
  });
});
