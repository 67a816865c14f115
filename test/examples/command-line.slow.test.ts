/** What the examples have in common: flags, errors in one line, exit codes, an orderly end. */
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';
import { closedPort, RawPeer, RawServer } from '../support/raw-peer.js';
import { ExampleServer, exampleUrl, KINDS, on } from './programs.js';

const SERVERS = ['echo-server', 'chat-server', 'proxy'];
const ONE_LINE = /^[^\n]+\n$/;

const OUT_OF_RANGE: readonly [string, string[]] = ['a port out of range', ['--port', '65536']];

/** They parse their flags by the same function. */
const MISTAKES: readonly (readonly [string, string[]])[] = [
  ['an unknown flag', ['--colour', 'red']],
  ['a port that is no number', ['--port', 'echo']],
  OUT_OF_RANGE,
  ['a flag without its value', ['--port', '--help']],
  ['an argument too many', ['7007']],
];

describe.each([...SERVERS, 'echo-client'])('%s', (name) => {
  const mistakes = name === 'echo-server' ? MISTAKES : [OUT_OF_RANGE];
  it.each(mistakes)('refuses %s with one line and exit code 2', async (_what, args) => {
    const { code, stdout, stderr } = await runProgram(exampleUrl(name), args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain(`${name}: `);
  });

  it('refuses an unknown kind of reactor with one line and exit code 2', async () => {
    const options = { env: { ROPEWALK_REACTOR: 'fusion' } };
    const { code, stdout, stderr } = await runProgram(exampleUrl(name), [], options);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain('ROPEWALK_REACTOR');
  });
});

describe.each(KINDS)('on the %s reactor', (kind) => {
  it.each([
    ['echo-server', 'hello', 'hello'],
    ['chat-server', '', 'Your nickname?\n'],
    ['proxy', 'hello', 'hello'],
  ])(
    '%s names its reactor and port, and ends on SIGINT with exit code 0',
    async (name, sent, answer) => {
      await using target = await ExampleServer.start('echo-server', []);
      const flags = name === 'proxy' ? ['--target', `127.0.0.1:${target.port}`] : [];
      await using server = await ExampleServer.start(name, flags, on(kind));
      expect(server.stdout).toMatch(
        new RegExp(`^.* \\(${kind}, \\w+\\) listening on port \\d+\n$`),
      );
      await using peer = await RawPeer.connect(server.port);
      peer.write(sent);
      expect((await peer.receive(answer.length)).toString()).toBe(answer);
      server.process.kill('SIGINT');
      const { code, signal, stderr } = await server.result();
      expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
      await peer.untilGone();
    },
  );

  it.each(SERVERS)('%s says in one line that its port is in use, exit code 1', async (name) => {
    await using taken = await RawServer.listen();
    const args = ['--port', String(taken.port)];
    const { code, stdout, stderr } = await runProgram(exampleUrl(name), args, on(kind));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain(String(taken.port));
  });

  it('echo-client says in one line that nobody answers, exit code 1', async () => {
    const port = await closedPort();
    const args = ['--port', String(port), '--message', 'hello'];
    const { code, stdout, stderr } = await runProgram(exampleUrl('echo-client'), args, on(kind));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(ONE_LINE);
  });
});
