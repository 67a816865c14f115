/** The packages that `ropewalk new` writes compile, and their tests pass. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { create, install, POSIX, ROOT } from './new-packages.js';
import { RunFolder } from './run-program.js';

const DEADLINE_MS = 60_000;

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
      const failed = script(path, 'test');
      expect(failed).toEqual({ status: 1, output: expect.stringMatching(/fail 1\n/) });
      const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
      const { dependencies } = JSON.parse(readFileSync(`${path}/package.json`, 'utf8'));
      expect(dependencies).toEqual({ ropewalk: `^${version}` });
    },
    4 * DEADLINE_MS,
  );
});
