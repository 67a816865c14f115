import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';

const MAIN = new URL('../../dist/cli/main.js', import.meta.url);
const MANIFEST = new URL('../../package.json', import.meta.url);

describe('ropewalk', () => {
  it.each([[[]], [['help']], [['--help']]])('lists its commands for %j', async (args) => {
    const { code, stdout, stderr } = await runProgram(MAIN, args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ {2}demo /m);
    expect(stdout).toMatch(/^ {2}version /m);
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
    [['dance'], 'there is no command "dance"'],
    [['demo', '--port', 'x'], '--port takes a whole number'],
    [['demo', '--interface', 'nowhere'], 'interface'],
  ])('refuses %j with one line and exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await runProgram(MAIN, args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^ropewalk: [^\n]+\n$/);
    expect(stderr).toContain(message);
  });
});
