/** `ropewalk echo` and `ropewalk web`. */
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';
import { MAIN, RunFolder, RunningProgram } from './run-program.js';

const ANY_PORT = ['--listen', 'tcp:0:interface=127.0.0.1'];
const POSIX = process.platform !== 'win32';

describe('a built-in program', () => {
  it.runIf(POSIX)('echoes, and closes its connections at the end', async () => {
    await using program = await RunningProgram.start(ANY_PORT, {}, 'echo');
    expect(await program.ask('hello')).toBe('hello');
    program.process.kill('SIGTERM');
    expect((await program.result()).signal).toBe('SIGTERM');
  });

  it.runIf(POSIX)('serves files', async () => {
    using folder = new RunFolder();
    folder.write('hello', 'hello.txt');
    await using program = await RunningProgram.start([...ANY_PORT, folder.path], {}, 'web');
    const response = await fetch(`http://127.0.0.1:${program.port}/hello.txt`);
    expect(await response.text()).toBe('hello');
    program.process.kill('SIGTERM');
    await program.result();
  });

  it.each([
    [['echo', 'more'], 'echo takes 0 arguments'],
    [['web'], 'web takes 1 arguments'],
    [['web', '/no/such/folder'], '/no/such/folder is no folder'],
    [['echo', '--listen', 'tpc:7'], '--listen: '],
    [['echo', '--lisen', 'tcp:7'], "did you mean '--listen'?"],
    [['run', '--listen', 'tcp:7', 'x.mjs'], '--listen is a flag of echo and web'],
  ])('refuses wrong arguments: %j', async (args, message) => {
    const { code, stderr } = await runProgram(MAIN, args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });

  it.each(['echo', 'web'])('explains itself within 80 columns: %s', async (name) => {
    const { code, stdout } = await runProgram(MAIN, ['help', name]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: ropewalk ${name}`));
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});
