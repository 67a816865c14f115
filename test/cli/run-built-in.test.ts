/** The programs of the package that have commands, such as `ropewalk socks`. */
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectHTTP2, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { setPassword } from '../../src/cred/index.js';
import { runProgram } from '../support/child.js';
import { closedPort, RawPeer, RawServer } from '../support/raw-peer.js';
import { MAIN, RunFolder, RunningProgram } from './run-program.js';

const ANY_PORT = ['--listen', 'tcp:0:interface=127.0.0.1'];
const POSIX = process.platform !== 'win32';
const HAS_CURL = spawnSync('curl', ['--version']).status === 0;
const run = promisify(execFile);

/** The status and the content of an answer over HTTP/2 in clear, or `refused`. */
async function overHTTP2(url: string, path: string): Promise<string> {
  const session = connectHTTP2(url);
  session.on('error', () => {});
  const stream = session.request({ ':path': path });
  try {
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    let content = '';
    for await (const piece of stream) content += String(piece);
    return `${String(headers[':status'])} ${content}`;
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_HTTP2_ERROR') return 'refused';
    throw error;
  } finally {
    session.destroy();
  }
}

describe('a built-in program', () => {
  it.runIf(POSIX)('echoes, and closes its connections at the end', async () => {
    await using program = await RunningProgram.start(ANY_PORT, {}, 'echo');
    expect(await program.ask('hello')).toBe('hello');
    program.process.kill('SIGTERM');
    expect((await program.result()).signal).toBe('SIGTERM');
  });

  it.runIf(POSIX)('serves files', async () => {
    using folder = new RunFolder();
    folder.write('hello', 'hello.txt');
    await using program = await RunningProgram.start([folder.path, ...ANY_PORT], {}, 'web');
    const response = await fetch(`http://127.0.0.1:${program.port}/hello.txt`);
    expect(await response.text()).toBe('hello');
    program.process.kill('SIGTERM');
    await program.result();
  });

  it.runIf(POSIX).each([
    ['serves files by HTTP/2 to clients that begin with its preface', [], '200 hello'],
    ['serves HTTP/1.1 only with --no-http2', ['--no-http2'], 'refused'],
  ])('%s', async (_what, flags, expected) => {
    using folder = new RunFolder();
    folder.write('hello', 'hello.txt');
    const args = [folder.path, ...ANY_PORT, ...flags];
    await using program = await RunningProgram.start(args, {}, 'web');
    const url = `http://127.0.0.1:${program.port}`;
    expect(await overHTTP2(url, '/hello.txt')).toBe(expected);
    expect(await (await fetch(`${url}/hello.txt`)).text()).toBe('hello');
    program.process.kill('SIGTERM');
    await program.result();
  });

  it.each([
    [['echo', 'more'], 'echo takes no arguments, not "more";'],
    [['web'], 'web takes 1 argument, not none;'],
    [['web', 'a', '--port', '0', 'b'], 'web takes 1 argument, not "a" "b";'],
    [['web', 'a', '--no-http2=yes'], "Option '--no-http2' does not take an argument"],
    [['web', '/no/such/folder'], '/no/such/folder is no folder'],
    [['echo', '--listen', 'tpc:7'], '--listen: '],
    [['echo', '--lisen', 'tcp:7'], "did you mean '--listen'?"],
    [['echo', '--listen', 'tcp:7', '--port', '7'], 'echo takes --port or --listen, not both'],
    [['echo', '--port', '65536'], '--port takes a whole number from 0 to 65535, not "65536"'],
    [['run', '--listen', 'tcp:7', 'x.mjs'], "Unknown option '--listen'"],
    [['socks', 'more'], 'socks takes no arguments'],
    [['socks', '--allow', 'home'], '--allow takes an IP address, or a network such as 10.1.0.0/16'],
    [['socks', '--deny', '10.0.0.0/33'], '--deny takes an IP address'],
    [['socks', '--commands', 'connect,dance'], 'each of --commands is one of connect, bind'],
    [
      ['socks', '--auth', 'fiel:/users'],
      "--auth: there is no checker of that type. Did you mean 'file'?",
    ],
    [
      ['socks', '--auth', 'memory:alice:secret:bob'],
      '--auth: checker of the type memory: it needs a',
    ],
    [['socks', '--auth', 'anonymous'], '--auth takes a checker of passwords, such as file:PATH'],
    [['socks', '--auth', 'sshkey:/keys/%u'], 'this one checks: ssh-key'],
    [['socks', '--idle', 'long'], '--idle takes a number of seconds'],
    [['socks', '--idle', '0'], '--idle takes a number of seconds from 0.001 to 86400, not "0"'],
    [['socks', '--max-connections', '0'], '--max-connections takes a whole number from 1'],
    [['portforward', 'tcp:127.0.0.1:1'], 'portforward takes --port or --listen'],
    [['portforward', '--port', '0'], 'portforward takes 1 argument, not none;'],
    [
      ['portforward', 'tcp:a:1', '--port', '0', '--connect-timeout', '0'],
      '--connect-timeout takes',
    ],
    [['portforward', 'tpc:1', '--port', '0'], 'TARGET: endpoint "tpc:1": there is no client'],
    [['portforward', '--port', '0', '--proxy-header', '3', 'tcp:a:1'], '--proxy-header is one of'],
    [['procmon'], 'procmon takes a PROGRAM'],
    [['procmon', '--workers', '2', 'true'], 'procmon has no --workers'],
    [['procmon', '--stop-signal', 'TERM', 'true'], 'did you mean SIGTERM?'],
    [['procmon', '--restart', '-1', 'true'], '--restart takes a number of seconds'],
  ])('refuses wrong arguments: %j', async (args, message) => {
    const { code, stderr } = await runProgram(MAIN, args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });
});

/** A SOCKS 5 request without authentication; the answer is 2 + 10 bytes. */
async function request(proxy: number, port: number): Promise<RawPeer> {
  const peer = await RawPeer.connect(proxy);
  peer.write(Buffer.from([5, 1, 0]));
  await peer.receive(2);
  peer.write(Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port & 255]));
  await peer.receive(12);
  return peer;
}

describe.runIf(POSIX)('ropewalk socks', () => {
  it('relays to networks of --allow, and logs the requests', async () => {
    await using target = await RawServer.listen();
    const args = ['--port', '0', '--allow', '127.0.0.1'];
    await using program = await RunningProgram.start(args, {}, 'socks');
    await using peer = await request(program.port, target.port);
    expect([...peer.received.subarray(0, 4)]).toEqual([5, 0, 5, 0]);
    peer.write('hello');
    const served = await target.peer(0);
    expect(String(await served.receive(5))).toBe('hello');
    await program.printed(new RegExp(`connect 127\\.0\\.0\\.1 ${target.port}`));
    peer.end();
    served.end();
    program.process.kill('SIGTERM');
    expect(await program.result()).toMatchObject({ signal: 'SIGTERM', stderr: '' });
  });

  it.each([
    ['by default', []],
    ['of --deny', ['--allow', '127.0.0.0/8', '--deny', '127.0.0.1']],
  ])('refuses networks %s', async (_what, flags) => {
    await using target = await RawServer.listen();
    await using program = await RunningProgram.start(['--port', '0', ...flags], {}, 'socks');
    await using peer = await request(program.port, target.port);
    expect(peer.received[3]).toBe(2);
    await program.printed(/refused 127\.0\.0\.1/);
  });

  it.skipIf(!HAS_CURL)('requires passwords of curl, known to one of several --auth', async () => {
    using folder = new RunFolder();
    await setPassword(folder.file('users'), 'alice', 'wonderland');
    const server = createServer((_request, response) => response.end('reached'));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const auth = ['--auth', 'memory:bob:builder', '--auth', `file:${folder.file('users')}`];
    const args = ['--port', '0', '--allow', '127.0.0.1', ...auth];
    await using program = await RunningProgram.start(args, {}, 'socks');
    const curl = async (proxy: string): Promise<string> => {
      const flags = ['-sS', '-m', '10', '-x', `${proxy}127.0.0.1:${program.port}`];
      return await run('curl', [...flags, `http://127.0.0.1:${port}/`]).then(
        ({ stdout }) => stdout,
        () => 'refused',
      );
    };
    expect(await curl('socks5h://alice:wonderland@')).toBe('reached');
    expect(await curl('socks5h://bob:builder@')).toBe('reached');
    await program.printed(/alice@127[\s\S]*bob@127/);
    expect(await curl('socks5h://alice:builder@')).toBe('refused');
    await program.printed(/refused 127\.0\.0\.1:\d+: the user name or password is wrong/);
    expect(await curl('socks5h://')).toBe('refused');
    expect(await curl('socks4://')).toBe('refused');
    expect(program.stdout + program.stderr).not.toMatch(/wonderland|builder/);
    server.close();
  });

  it('refuses an address after too many wrong passwords', async () => {
    const args = ['--port', '0', '--allow', '127.0.0.1', '--auth', 'memory:bob:builder'];
    await using program = await RunningProgram.start(args, {}, 'socks');
    const answer = async (password: string): Promise<number | undefined> => {
      await using peer = await RawPeer.connect(program.port);
      const text = Buffer.from(password);
      peer.write(Buffer.from([5, 1, 2, 1, 3, ...Buffer.from('bob'), text.length, ...text]));
      return (await peer.receive(4))[3];
    };
    expect(await answer('builder')).toBe(0);
    for (let count = 0; count < 20; count++) expect(await answer('wrong')).not.toBe(0);
    expect(await answer('builder')).not.toBe(0);
  });

  it.each([
    ['tcp:0:interface=0.0.0.0', [], true],
    ['tcp:0:interface=0.0.0.0', ['--auth', 'memory:bob:builder'], false],
    ['tcp:0:interface=127.0.0.1', [], false],
  ])('warns if other machines may use it: %s %j, %s', async (listen, flags, warns) => {
    await using program = await RunningProgram.start(['--listen', listen, ...flags], {}, 'socks');
    expect(/#warn\] everyone who reaches/.test(program.stdout)).toBe(warns);
  });
});

describe.runIf(POSIX)('ropewalk portforward', () => {
  it('forwards connections, with a PROXY header if asked, and logs them', async () => {
    await using target = await RawServer.listen();
    const args = ['--port', '0', '--proxy-header', '1', `tcp:127.0.0.1:${target.port}`];
    await using program = await RunningProgram.start(args, {}, 'portforward');
    await using peer = await RawPeer.connect(program.port);
    peer.write('hello');
    const served = await target.peer(0);
    const header = `PROXY TCP4 127.0.0.1 127.0.0.1 ${peer.localPort} ${program.port}\r\n`;
    expect(String(await served.receive(header.length + 5))).toBe(`${header}hello`);
    served.write('world');
    served.end();
    await peer.untilEnded();
    expect(peer.text).toBe('world');
    await program.printed(new RegExp(`${peer.localPort} to 127\\.0\\.0\\.1:${target.port}`));
    peer.end();
    program.process.kill('SIGTERM');
    expect(await program.result()).toMatchObject({ signal: 'SIGTERM', stderr: '' });
  });

  it('logs that the target refuses connections', async () => {
    const args = ['--port', '0', `tcp:127.0.0.1:${await closedPort()}`];
    await using program = await RunningProgram.start(args, {}, 'portforward');
    await using peer = await RawPeer.connect(program.port);
    await peer.until(() => peer.closed || peer.error !== undefined, 'the reset');
    await program.printed(/portforward#warn\] 127\.0\.0\.1:\d+: [^\n]*ECONNREFUSED/);
  });
});

describe.runIf(POSIX)('ropewalk procmon', () => {
  const run = (flags: readonly string[], ...program: string[]): Promise<RunningProgram> =>
    RunningProgram.start([...flags, 'sh', '-c', ...program], {}, 'procmon');

  it('starts a program again that has ended, and logs its output', async () => {
    await using program = await run(['--restart', '0'], 'echo "in $0"; exit 3', '--here');
    await program.printed(
      /\[sh\] in --here[\s\S]*exited with 3; starts again in 0 ms[\s\S]*\[sh\] in --here/,
    );
    program.process.kill('SIGTERM');
    expect(await program.result()).toMatchObject({ signal: 'SIGTERM', stderr: '' });
  });

  it('passes signals on', async () => {
    const traps = 'trap "echo got HUP" HUP; trap "echo got USR1" USR1; trap "echo got USR2" USR2;';
    const text = `${traps} echo ready; while :; do read line < /dev/null; sleep 0.05; done`;
    await using program = await run(['--name', 'loop'], text);
    await program.printed(/\[loop\] ready/);
    for (const name of ['HUP', 'USR1', 'USR2'] as const) {
      program.process.kill(`SIG${name}`);
      await program.printed(new RegExp(`\\[loop\\] got ${name}`));
    }
    expect(program.stdout).not.toContain('upgrade');
  });

  it('stops the program before it ends, and kills it at a second signal', async () => {
    const flags = ['--stop-signal', 'SIGINT', '--kill-after', '600', '--drain', '600'];
    await using program = await run(
      flags,
      'trap "echo asked" INT; echo "pid $$"; while :; do sleep 0.05; done',
    );
    const [, pid] = await program.printed(/\[sh\] pid (\d+)/);
    program.process.kill('SIGTERM');
    await program.printed(/\[sh\] asked/);
    program.process.kill('SIGTERM');
    expect(await program.result()).toMatchObject({ signal: 'SIGTERM' });
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
  });

  it('does not start if the program does not exist', async () => {
    const { code, stderr } = await runProgram(MAIN, ['procmon', '/no/such/program']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^ropewalk: cannot start procmon: [^\n]*ENOENT[^\n]*\n$/),
    });
  });
});
