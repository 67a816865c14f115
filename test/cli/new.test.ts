/** `ropewalk new`: what it writes and what it refuses. new.slow.test.ts compiles and tests the packages. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { create, inside, install, POSIX } from './new-packages.js';
import { RunFolder, RunningProgram } from './run-program.js';

describe.runIf(POSIX)('ropewalk new', () => {
  it('writes a service that ropewalk run runs', async () => {
    using folder = new RunFolder();
    await create(folder, 'service', 'echo');
    const path = folder.file('echo');
    install(path);
    const args = ['echo.ts', '--listen', 'tcp:0:interface=127.0.0.1'];
    await using program = await RunningProgram.start(args, inside(path));
    expect(await program.ask('hello\r\n')).toBe('hello\r\n');
    expect(program.stdout).toContain('[echo#info] 127.0.0.1:');
    program.process.kill('SIGTERM');
    expect(await program.result()).toMatchObject({ signal: 'SIGTERM', stderr: '' });
  });

  it('writes into a project, and replaces nothing', async () => {
    using folder = new RunFolder();
    expect(await create(folder, 'protocol', 'mine', '--here')).toMatchObject({ code: 0 });
    expect(folder.names).toEqual(['mine.test.ts', 'mine.ts']);
    writeFileSync(folder.file('other.test.ts'), 'kept');
    const { code, stdout, stderr } = await create(folder, 'service', 'other', '--here');
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: 'ropewalk: other.test.ts exists already, nothing was written\n',
    });
    expect(folder.names).toEqual(['mine.test.ts', 'mine.ts', 'other.test.ts']);
    expect(readFileSync(folder.file('other.test.ts'), 'utf8')).toBe('kept');
  });

  it.each(['a folder', 'a file', 'a link'])('does not replace %s', async (what) => {
    using folder = new RunFolder();
    const path = folder.file('mine');
    if (what === 'a folder') mkdirSync(path);
    else if (what === 'a file') writeFileSync(path, '');
    else symlinkSync('nowhere', path);
    const { code, stderr } = await create(folder, 'service', 'mine');
    expect([code, stderr]).toEqual([1, 'ropewalk: mine exists already, nothing was written\n']);
    expect(folder.names).toEqual(['mine']);
  });

  it.each([
    [[], 'new takes `protocol NAME` or `service NAME`'],
    [['service'], 'new takes `protocol NAME` or `service NAME`'],
    [['service', 'a', 'b'], 'new takes `protocol NAME` or `service NAME`'],
    [['daemon', 'a'], 'new is one of protocol, service, not "daemon"'],
    [['service', 'Mine'], 'the name is of lower-case letters'],
    [['service', '../up'], 'the name is of lower-case letters'],
    [['service', 'a--b'], 'the name is of lower-case letters'],
    [['service', '1a'], 'the name is of lower-case letters'],
    [['service', "a';b"], 'the name is of lower-case letters'],
    [['service', 'a'.repeat(51)], 'at most 50'],
    [['service', 'com1'], 'the name com1 is reserved'],
    [['protocol', 'ropewalk'], 'the name ropewalk is reserved'],
  ])('refuses wrong arguments: %j', async (args, message) => {
    using folder = new RunFolder();
    const { code, stderr } = await create(folder, ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(folder.names).toEqual([]);
  });
});
