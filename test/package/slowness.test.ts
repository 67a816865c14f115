/** What CI's limits follow: tools/portable/slowness.mjs. */
import { execFile } from 'node:child_process';
import process from 'node:process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const TOOL = 'tools/portable/slowness.mjs';

it('tells how slow the machine is as an integer from 1 to 10', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [TOOL, '--processes', '1']);
  expect(stdout).toMatch(/^([1-9]|10)\n$/);
});

it('tells the most where it can not be measured', async () => {
  // The processes that do the work find no file to write to.
  const env = {
    ...process.env,
    NODE_OPTIONS:
      '--import=data:text/javascript,process.argv.length===4&&process.argv[2]===`--work`&&process.exit(1)',
  };
  const { stdout } = await promisify(execFile)(process.execPath, [TOOL, '--processes', '1'], {
    env,
  });
  expect(stdout).toBe('10\n');
});
