import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';
import { closedPort } from '../support/raw-peer.js';
import { ExampleServer, exampleUrl, KINDS } from './programs.js';

describe.each(KINDS)('framed-server and framed-client on the %s reactor', (kind) => {
  const env = { ROPEWALK_REACTOR: kind };

  async function ask(port: number, ...question: string[]): Promise<string> {
    const args = ['--port', String(port), ...question];
    const { code, stdout, stderr } = await runProgram(exampleUrl('framed-client'), args, { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  }

  it('keep a text and give it again', async () => {
    await using server = await ExampleServer.start('framed-server', []);
    expect(await ask(server.port, 'G', 'colour')).toBe('N\n');
    expect(await ask(server.port, 'S', 'colour=blue=grün')).toBe('O\n');
    expect(await ask(server.port, 'G', 'colour')).toBe('V blue=grün\n');
    expect(await ask(server.port, 'X', '')).toBe('E what is X?\n');
  });

  it('say in one line that there is no server, or no question', async () => {
    const port = String(await closedPort());
    const refused = await runProgram(exampleUrl('framed-client'), ['--port', port, 'G', 'a'], {
      env,
    });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^framed-client: [^\n]+\n$/);
    const empty = await runProgram(exampleUrl('framed-client'), [], { env });
    expect(empty.code).toBe(2);
    expect(empty.stderr).toMatch(/^framed-client: [^\n]+\n$/);
  });
});

describe('framed-test', () => {
  it('passes', async () => {
    const { code, stdout } = await runProgram(exampleUrl('framed-test'), [], {
      nodeFlags: ['--test-reporter=tap'],
    });
    expect(stdout).toContain('# pass 4');
    expect(code).toBe(0);
  });
});
