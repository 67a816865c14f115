/** The two programs that README.md begins with. */
import { describe, expect, it } from 'vitest';
import { Child, runProgram } from '../support/child.js';
import { exampleUrl, KINDS } from './programs.js';

describe.each(KINDS)('first-server and first-client on the %s reactor', (kind) => {
  const env = { ROPEWALK_REACTOR: kind };

  it('exchange a line', async () => {
    await using server = new Child(exampleUrl('first-server'), ['0'], { env });
    const [, port = ''] = await server.printed(/^listening on port (\d+)\n/);
    const { code, stdout, stderr } = await runProgram(exampleUrl('first-client'), [port], { env });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'hello\n', stderr: '' });
    server.process.kill('SIGINT');
    expect(await server.result()).toMatchObject({ code: 0, stderr: '' });
  });
});
