import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Child, runProgram } from '../support/child.js';

const MAIN = new URL('../../dist/cli/main.js', import.meta.url);
const MANIFEST = new URL('../../package.json', import.meta.url);
const COMMANDS = [
  'completion',
  'dashboard',
  'demo',
  'doctor',
  'echo',
  'help',
  'new',
  'passwd',
  'plugins',
  'portforward',
  'procmon',
  'run',
  'socks',
  'talk',
  'version',
  'web',
];

describe('ropewalk', () => {
  it.each([[[]], [['help']], [['--help']]])('lists its commands for %j', async (args) => {
    const { code, stdout, stderr } = await runProgram(MAIN, args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ {2}demo /m);
    expect(stdout).toMatch(/^ {2}version /m);
  });

  it('lists all commands', async () => {
    const { stdout } = await runProgram(MAIN, ['help']);
    const listed = [...stdout.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name);
    expect(listed.sort()).toEqual(COMMANDS);
  });

  it.each(COMMANDS)('explains a command within 80 columns: %s', async (command) => {
    const { code, stdout, stderr } = await runProgram(MAIN, ['help', command]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: ropewalk /);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('tells its version', async () => {
    const { version } = JSON.parse(readFileSync(MANIFEST, 'utf8')) as { version: string };
    const { code, stdout } = await runProgram(MAIN, ['version']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `ropewalk ${version}\n` });
  });

  it('explains the demo', async () => {
    const { code, stdout } = await runProgram(MAIN, ['demo', '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: ropewalk demo/);
  });

  it.each([
    ['help', 'demo'],
    ['--help', 'talk'],
    ['help', 'doctor'],
  ])('explains a command: %s %s', async (help, command) => {
    const { code, stdout } = await runProgram(MAIN, [help, command]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: ropewalk ${command}`));
  });

  it.each([[['--help']], [['demo', '--help']], [['doctor']], [['version']]])(
    'is silent about a closed output: %j',
    async (args) => {
      await using child = new Child(MAIN, args);
      child.process.stdout?.destroy();
      expect(await child.result()).toMatchObject({ code: 0, stderr: '' });
    },
  );

  it
    .runIf(process.platform === 'linux')
    .each([[['doctor']], [['demo', '--port', '0']], [['version']]])(
    'says in one line that the output failed: %j; exit code 1',
    async (args) => {
      const { code, stderr } = await runProgram(MAIN, args, { before: 'exec >/dev/full' });
      expect(code).toBe(1);
      expect(stderr).toMatch(/^ropewalk: the output failed: ENOSPC[^\n]*\n$/);
    },
  );

  it('keeps its exit code if its errors cannot be written', async () => {
    await using child = new Child(MAIN, ['dance']);
    child.process.stderr?.destroy();
    expect(await child.result()).toMatchObject({ code: 2, stdout: '' });
  });

  it.each([
    [['dance'], 'there is no command "dance"'],
    [['help', 'dance'], 'there is no command "dance"'],
    [['help', 'demo', 'talk'], "Unexpected argument 'talk'"],
    [['help', '--all'], "Unknown option '--all'"],
    [['version', 'demo'], "Unexpected argument 'demo'"],
    [['demo', '--port', 'x'], '--port takes a whole number'],
    [['demo', '--interface', 'nowhere'], 'interface'],
  ])('refuses %j with one line and exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await runProgram(MAIN, args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^ropewalk: [^\n]+\n$/);
    expect(stderr).toContain(message);
  });
});
