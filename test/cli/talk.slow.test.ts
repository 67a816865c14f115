/** `ropewalk talk` as it is run: lines there and back, each way to end, wrong arguments. */
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseTalkOptions } from '../../src/cli/talk-options.js';
import { ExampleServer, KINDS, on } from '../examples/programs.js';
import { Child, runProgram } from '../support/child.js';
import { closedPort, RawServer } from '../support/raw-peer.js';

const MAIN = new URL('../../dist/cli/main.js', import.meta.url);
const HAS_SCRIPT = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

describe.each(KINDS)('ropewalk talk on the %s reactor', (kind) => {
  const options = { ...on(kind), stdin: 'pipe' } as const;
  const talk = (...args: (string | number)[]): Child =>
    new Child(MAIN, ['talk', ...args.map(String)], options);

  it('sends each line while the input is open, and prints answers as they arrive', async () => {
    await using server = await RawServer.listen();
    await using client = talk('127.0.0.1', server.port);
    client.process.stdin?.write('one\n');
    const peer = await server.peer();
    expect((await peer.receive(4)).toString()).toBe('one\n');
    peer.write('first answer\n');
    await client.printed(/^first answer\n/);
    client.process.stdin?.write('two\n');
    await peer.until(() => peer.text === 'one\ntwo\n', 'the second line');
  });

  it('half-closes at the end of the input, and prints the rest until the server closes', async () => {
    await using server = await RawServer.listen();
    await using client = talk('localhost', server.port);
    client.process.stdin?.end('question\n');
    const peer = await server.peer();
    await peer.untilEnded();
    peer.write('late answer\n');
    peer.end();
    const { code, stdout, stderr } = await client.result();
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'late answer\n', stderr: '' });
  });

  it('carries a large input there and back', async () => {
    await using server = await ExampleServer.start('echo-server', []);
    await using client = talk('127.0.0.1', server.port);
    const text = 'a line of some length\n'.repeat(100_000);
    client.process.stdin?.end(text);
    const { code, stdout } = await client.result();
    expect(code).toBe(0);
    expect(stdout === text).toBe(true);
  });

  it('ends when the server closes while the input is open', async () => {
    await using server = await RawServer.listen();
    await using client = talk('127.0.0.1', server.port);
    (await server.peer()).end();
    expect(await client.result()).toMatchObject({ code: 0, stderr: '' });
  });

  it('ends on SIGINT with exit code 0', async () => {
    await using server = await RawServer.listen();
    await using client = talk('127.0.0.1', server.port);
    const peer = await server.peer();
    client.process.stdin?.write('x');
    await peer.receive(1);
    client.process.kill('SIGINT');
    expect(await client.result()).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  it('reports a refused connection in one line, exit code 1', async () => {
    await using client = talk('127.0.0.1', await closedPort());
    const { code, stderr } = await client.result();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ropewalk: [^\n]*ECONNREFUSED[^\n]*\n$/);
  });

  it('reports a reset in one line, exit code 1', async () => {
    await using server = await RawServer.listen();
    await using client = talk('127.0.0.1', server.port);
    const peer = await server.peer();
    client.process.stdin?.write('x');
    await peer.receive(1);
    peer.reset();
    const { code, stderr } = await client.result();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ropewalk: [^\n]+\n$/);
  });

  it.skipIf(process.platform === 'win32')('talks over a UNIX socket', async () => {
    const path = join(tmpdir(), `ropewalk-talk-${process.pid}-${kind}.sock`);
    const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
    server.listen(path);
    await once(server, 'listening');
    try {
      await using client = talk(path);
      client.process.stdin?.end('hello\n');
      expect(await client.result()).toMatchObject({ code: 0, stdout: 'hello\n', stderr: '' });
    } finally {
      server.close();
      rmSync(path, { force: true });
    }
  });

  it('sends lines as datagrams with --udp, and prints each answer on a line', async () => {
    await using server = await ExampleServer.start('udp-echo', []);
    await using client = talk('127.0.0.1', server.port, '--udp');
    client.process.stdin?.end('one\r\n\ntwo');
    const { code, stdout, stderr } = await client.result();
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'one\n\ntwo\n', stderr: '' });
  });

  it('says that nothing listens on a UDP port, exit code 1', async () => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    socket.close();
    await once(socket, 'close');
    await using client = talk('127.0.0.1', port, '--udp');
    client.process.stdin?.write('x\n');
    const { code, stderr } = await client.result();
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `ropewalk: nothing listens on UDP port ${port} of 127.0.0.1\n`,
    });
  });
});

describe('ropewalk talk', () => {
  it.skipIf(!HAS_SCRIPT)('greets on a terminal, and ends on Ctrl-D', async () => {
    await using server = await ExampleServer.start('echo-server', []);
    const command = `'${process.execPath}' '${fileURLToPath(MAIN)}' talk 127.0.0.1 ${server.port}`;
    const { stdout, status } = spawnSync('script', ['-qec', command, '/dev/null'], {
      encoding: 'utf8',
      input: 'hello\n\x04',
      timeout: 15_000,
    });
    expect(stdout).toContain(`:${server.port}; Ctrl-D ends the input, Ctrl-C stops\r\n`);
    expect(stdout).toContain('hello\r\n');
    expect(status).toBe(0);
  });

  it.skipIf(!HAS_SCRIPT)('shows control characters of the server on a terminal', async () => {
    await using server = await ExampleServer.start('echo-server', []);
    const command = `'${process.execPath}' '${fileURLToPath(MAIN)}' talk 127.0.0.1 ${server.port}`;
    const { stdout } = spawnSync('script', ['-qec', `stty -echo; ${command}`, '/dev/null'], {
      encoding: 'utf8',
      input: '\x1b]0;title\n\x04',
      timeout: 15_000,
    });
    expect(stdout).toContain('\\x1b]0;title\r\n');
    expect(stdout).not.toContain('\x1b');
  });

  it('refuses an unknown kind of reactor with one line and exit code 2', async () => {
    const env = { ROPEWALK_REACTOR: 'fusion' };
    const { code, stderr } = await runProgram(MAIN, ['talk', 'localhost', '1'], { env });
    expect(code).toBe(2);
    expect(stderr).toBe('ropewalk: ROPEWALK_REACTOR is one of auto, native, node, not "fusion"\n');
  });

  it('says in one line that the native reactor does not load; exit code 1', async () => {
    const env = { ROPEWALK_REACTOR: 'native', ROPEWALK_PREBUILD: '/nowhere' };
    const { code, stderr } = await runProgram(MAIN, ['talk', 'localhost', '1'], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ropewalk: the native reactor's addon could not be loaded[^\n]*\n$/);
  });

  it('explains itself', async () => {
    const { code, stdout } = await runProgram(MAIN, ['talk', '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: ropewalk talk HOST PORT/);
  });

  it.each([
    [['http://localhost/', '80'], 'use only the host name of a URL'],
    [['localhost:80', '80'], 'the port is given separately'],
    [['local host', '80', '--udp'], 'it contains " "'],
    [[`/${'x'.repeat(200)}`], 'must be a path of'],
  ])('refuses the target %j with one line and exit code 2', async (args, message) => {
    const { code, stderr } = await runProgram(MAIN, ['talk', ...args]);
    expect({ code, lines: stderr.split('\n').length }).toEqual({ code: 2, lines: 2 });
    expect(stderr).toContain(message);
  });

  it('refuses wrong arguments with one line and exit code 2', async () => {
    const { code, stdout, stderr } = await runProgram(MAIN, ['talk', 'localhost', 'echo']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^ropewalk: the port is a whole number from 1 to 65535, not "echo"\n$/);
  });

  it.each([
    [[], 'HOST PORT'],
    [['localhost'], 'lacks a port; a PATH has to contain a slash: ./localhost'],
    [['localhost:80'], 'separate the port with a space: ropewalk talk localhost 80'],
    [['[::1]:80'], 'separate the port with a space: ropewalk talk [::1] 80'],
    [['::1:80'], 'a PATH has to contain a slash'],
    [['localhost', '0'], 'not "0"'],
    [['localhost', '7', '8'], 'HOST PORT'],
    [['/tmp/x', '--udp'], '--udp takes HOST PORT'],
    [['--tcp', 'localhost', '7'], '--tcp'],
  ])('refuses %j', (args, message) => {
    expect(() => parseTalkOptions(args)).toThrow(message);
  });

  it('takes IPv6 addresses with and without brackets', () => {
    const target = { kind: 'tcp', host: '::1', port: 7 };
    expect(parseTalkOptions(['[::1]', '7'])).toEqual(target);
    expect(parseTalkOptions(['::1', '7'])).toEqual(target);
  });
});
