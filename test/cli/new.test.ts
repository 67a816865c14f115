/** `ropewalk new`: the packages that it writes are compiled, tested and run. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type ChildResult, runProgram } from '../support/child.js';
import { MAIN, RunFolder, RunningProgram } from './run-program.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const POSIX = process.platform !== 'win32';
const DEADLINE_MS = 60_000;

function inside(path: string): { readonly before: string } {
  return { before: `cd '${path}'` };
}

function create(folder: RunFolder, ...args: string[]): Promise<ChildResult> {
  return runProgram(MAIN, ['new', ...args], inside(folder.path));
}

/** Takes the place of `npm install`. */
function install(path: string): void {
  const names = ['tsx', 'typescript', '@types/node'];
  const targets = names.map((name) => [name, `${ROOT}node_modules/${name}`] as const);
  for (const [name, target] of [['ropewalk', ROOT] as const, ...targets]) {
    const link = `${path}/node_modules/${name}`;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(target, link, 'dir');
  }
}

/** Runs a script of its package.json. */
function script(path: string, name: string): { status: number | null; output: string } {
  const { scripts } = JSON.parse(readFileSync(`${path}/package.json`, 'utf8'));
  const [program, ...args] = scripts[name].split(' ');
  const programs: Record<string, string[]> = {
    node: [],
    tsc: [`${ROOT}node_modules/typescript/bin/tsc`],
  };
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...(programs[program] as string[]), ...args],
    {
      cwd: path,
      encoding: 'utf8',
      timeout: DEADLINE_MS,
      // The test runner's variables would change that of Node.
      env: { PATH: process.env.PATH, HOME: path },
    },
  );
  return { status, output: stdout + stderr };
}

describe.runIf(POSIX)('ropewalk new', () => {
  it.each([
    ['protocol', 'my-chat', 3],
    ['service', 'my-echo2', 2],
  ])(
    'writes a %s that compiles and whose tests pass',
    async (kind, name, tests) => {
      using folder = new RunFolder();
      const { code, stdout, stderr } = await create(folder, kind, name);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain(`  ${name}/${name}.test.ts\n\nNext:\n  cd ${name}\n  npm install\n`);
      const path = folder.file(name);
      install(path);
      expect(script(path, 'typecheck')).toEqual({ status: 0, output: '' });
      const { status, output } = script(path, 'test');
      expect([status, output]).toEqual([0, expect.stringContaining(`pass ${tests}\n`)]);
      // A test that cannot fail would be of no use.
      const source = readFileSync(`${path}/${name}.ts`, 'utf8');
      writeFileSync(`${path}/${name}.ts`, source.replace(/sendLine\(.*\)/, "sendLine('odd')"));
      expect(script(path, 'test').status).toBe(1);
      const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
      const { dependencies } = JSON.parse(readFileSync(`${path}/package.json`, 'utf8'));
      expect(dependencies).toEqual({ ropewalk: `^${version}` });
    },
    4 * DEADLINE_MS,
  );

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
