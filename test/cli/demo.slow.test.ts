/** `ropewalk demo` as it is run: traffic, the lines it prints, and how it ends. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { canReusePort } from '../../src/reactor/node/net-handle.js';
import { KINDS } from '../examples/programs.js';
import { Child, runProgram } from '../support/child.js';
import { RawPeer, RawServer } from '../support/raw-peer.js';

const MAIN = new URL('../../dist/cli/main.js', import.meta.url);
const HAS_SCRIPT = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

/** A demo that has said where it listens. */
class RunningDemo extends Child {
  echoPort = 0;
  chatPort = 0;

  static async start(args: readonly string[]): Promise<RunningDemo> {
    const demo = new RunningDemo(MAIN, ['demo', '--port', '0', ...args]);
    try {
      const [, echo, chat] = await demo.printed(
        /^ropewalk demo .* port (\d+), chat on port (\d+)\n/,
      );
      demo.echoPort = Number(echo);
      demo.chatPort = Number(chat);
      return demo;
    } catch (error) {
      await demo[Symbol.asyncDispose]();
      throw error;
    }
  }
}

/** The `key=value` pairs of a line. */
function valuesOf(line: string | undefined): Record<string, number> {
  const pairs = line?.matchAll(/(\w+)=(\S+)/g) ?? [];
  return Object.fromEntries([...pairs].map(([, key, value]) => [key, Number(value)]));
}

function lastLine(text: string): string | undefined {
  return text.trimEnd().split('\n').at(-1);
}

describe.each(KINDS)('ropewalk demo on the %s reactor', (kind) => {
  it('counts what passed, and says so in the end', async () => {
    await using demo = await RunningDemo.start(['--reactor', kind, '--seconds', '2']);
    expect(demo.stdout).toContain(`ropewalk demo (${kind}, `);
    await using peer = await RawPeer.connect(demo.echoPort);
    for (const message of ['one', 'three', 'fiver']) {
      const { receivedBytes } = peer;
      peer.write(message);
      await peer.receive(receivedBytes + message.length);
    }
    await using ann = await RawPeer.connect(demo.chatPort);
    await using bob = await RawPeer.connect(demo.chatPort);
    ann.write('ann\n');
    await ann.until(() => ann.text.includes('welcome, ann'), 'welcome');
    bob.write('bob\n');
    await bob.until(() => bob.text.includes('welcome, bob'), 'welcome');
    bob.write('hi\n');
    await ann.until(() => ann.text.includes('<bob> hi\n'), 'a line');

    const { code, signal, stdout, stderr } = await demo.result();
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    const received = peer.receivedBytes + ann.receivedBytes + bob.receivedBytes;
    const chatLines = ann.text.split('\n').length - 1 + bob.text.split('\n').length - 1;
    const { seconds, ...totals } = valuesOf(lastLine(stdout));
    expect(totals).toEqual({
      connections: 3,
      messages_in: 3 + 3,
      messages_out: 3 + chatLines,
      bytes_in: 'onethreefiver'.length + 'ann\nbob\nhi\n'.length,
      bytes_out: received,
    });
    expect(seconds).toBeGreaterThanOrEqual(2);
    expect(ann.text).toMatch(/goodbye\n$/);
  });

  it('prints a line of figures each second', async () => {
    await using demo = await RunningDemo.start(['--reactor', kind]);
    await using peer = await RawPeer.connect(demo.echoPort);
    peer.write('x'.repeat(1000));
    await peer.receive(1000);
    const [line] = await demo.printed(/^seconds=.*total=1 .*\n/m);
    const { seconds, open, bytes_in_s, rss_mb, bytes_per_connection } = valuesOf(line);
    expect({ open, bytes_per_connection }).toEqual({ open: 1, bytes_per_connection: Number.NaN });
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(bytes_in_s).toBeGreaterThan(0);
    expect(rss_mb).toBeGreaterThan(10);
  });

  it('stops on SIGINT: says goodbye to those who chat, exit code 0', async () => {
    await using demo = await RunningDemo.start(['--reactor', kind]);
    await using ann = await RawPeer.connect(demo.chatPort);
    await ann.until(() => ann.text.includes('nickname'), 'question');
    demo.process.kill('SIGINT');
    const { code, signal, stdout, stderr } = await demo.result();
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    expect(lastLine(stdout)).toMatch(/^goodbye: connections=1 /);
    await ann.untilGone();
    expect(ann.text).toContain('the server is stopping');
  });

  it.runIf(process.platform === 'linux')('survives a load that takes all descriptors', async () => {
    const args = ['demo', '--port', '0', '--reactor', kind, '--load', '200', '--seconds', '3'];
    const { code, stdout, stderr } = await runProgram(MAIN, args, { before: 'ulimit -n 128' });
    expect(code).toBe(0);
    expect(lastLine(stdout)).toMatch(/^goodbye: connections=\d\d/);
    expect(stderr).not.toContain('uv_resident_set_memory');
  });

  it('keeps its own load running', async () => {
    await using demo = await RunningDemo.start(['--reactor', kind, '--load', '120']);
    const [line] = await demo.printed(/^seconds=.* open=120 .* load=120 .*\n/m);
    const { messages_in_s, bytes_per_connection, errors } = valuesOf(line);
    expect(messages_in_s).toBeGreaterThan(120);
    expect(bytes_per_connection).toBeGreaterThanOrEqual(0);
    expect(errors).toBe(0);
    demo.process.kill('SIGINT');
    const { code, stderr } = await demo.result();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('says in one line that a port is in use, and what to do; exit code 1', async () => {
    await using taken = await RawServer.listen();
    const port = String(taken.port);
    for (const [args, hint] of [
      [['--port', port], 'to let the system choose (flag --port)'],
      [['--port', '0', '--chat-port', port], 'to let the system choose (flag --chat-port)'],
    ] as const) {
      const run = await runProgram(MAIN, ['demo', '--reactor', kind, ...args]);
      expect({ code: run.code, stdout: run.stdout }).toEqual({ code: 1, stdout: '' });
      expect(run.stderr).toMatch(/^ropewalk: cannot listen on 127\.0\.0\.1:\d+[^\n]*\n$/);
      expect(run.stderr).toContain(hint);
    }
  });

  it('says that it has no such address, without a hint about ports; exit code 1', async () => {
    // TEST-NET-1 (RFC 5737) is nobody's.
    const args = ['demo', '--reactor', kind, '--port', '0', '--interface', '192.0.2.1'];
    const { code, stderr } = await runProgram(MAIN, args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ropewalk: cannot listen on 192\.0\.2\.1:0[^\n]*\n$/);
    expect(stderr).not.toContain('--port');
  });

  it('exits at once on a second signal', async () => {
    await using demo = await RunningDemo.start(['--reactor', kind]);
    await using peer = await RawPeer.connect(demo.echoPort);
    demo.process.kill('SIGINT');
    demo.process.kill('SIGTERM');
    const { code, stdout } = await demo.result();
    // An orderly end takes a moment: the second signal may come too late to cut it short.
    expect([0, 128 + 2, 128 + 15]).toContain(code);
    expect(stdout.includes('goodbye')).toBe(code === 0);
    await peer.untilGone();
  });
});

describe.each([
  ['1', 'native', /^ropewalk demo \(native, \w+, 1 worker\): /],
  ['1', 'node', /^ropewalk demo \(node, libuv, 1 worker\): /],
  ['2', 'native', /^ropewalk demo \(native, \w+, 2 workers\): /],
])('ropewalk demo --workers %s on the %s reactor', (workers, kind, begin) => {
  const flags = ['--workers', workers, '--reactor', kind];

  it('gathers the figures of all, and says so in the end', async () => {
    await using demo = await RunningDemo.start(flags);
    expect(demo.stdout).toMatch(begin);
    const peers = await Promise.all(
      Array.from({ length: 10 }, () => RawPeer.connect(demo.echoPort)),
    );
    for (const peer of peers) {
      peer.write('hello');
      await peer.receive(5);
    }
    await using ann = await RawPeer.connect(demo.chatPort);
    await using bob = await RawPeer.connect(demo.chatPort);
    for (const [peer, name] of [
      [ann, 'ann'],
      [bob, 'bob'],
    ] as const) {
      peer.write(`${name}\n`);
      await peer.until(() => peer.text.includes(`welcome, ${name}`), 'welcome');
    }
    const [line] = await demo.printed(/^seconds=.* open=12 total=12 .* chatting=2 .*\n/m);
    expect(valuesOf(line)).toMatchObject({ errors: 0 });
    for (const peer of peers) await peer[Symbol.asyncDispose]();
    demo.process.kill('SIGINT');
    const { code, stdout, stderr } = await demo.result();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(ann.text).toMatch(/goodbye\n$/);
    expect(bob.text).toMatch(/goodbye\n$/);
    expect(valuesOf(lastLine(stdout))).toMatchObject({
      connections: 12,
      messages_in: 12,
      bytes_in: 10 * 'hello'.length + 'ann\nbob\n'.length,
      bytes_out: 10 * 'hello'.length + ann.receivedBytes + bob.receivedBytes,
    });
  });

  it('says in one line that a port is in use or is not to be had, and what it can not take', async () => {
    await using taken = await RawServer.listen();
    const inUse = ['demo', ...flags, '--port', String(taken.port)];
    const run = await runProgram(MAIN, inUse);
    expect({ code: run.code, stdout: run.stdout }).toEqual({ code: 1, stdout: '' });
    expect(run.stderr).toMatch(
      /^ropewalk: cannot listen on 127\.0\.0\.1:\d+[^\n]*\(flag --port\)\n$/,
    );
    const bad = await runProgram(MAIN, ['demo', ...flags, '--port', '0', '--interface', 'lo']);
    expect(bad.code).toBe(2);
    expect(bad.stderr).toMatch(/^ropewalk: interface must be an IP address, not "[^\n]*\n$/);
  });

  it('cuts connections that stay open, in the end', async () => {
    await using demo = await RunningDemo.start(flags);
    await using peer = await RawPeer.connect(demo.echoPort);
    peer.write('hello');
    await peer.receive(5);
    demo.process.kill('SIGTERM');
    const { code, stderr } = await demo.result();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await peer.untilGone();
  });
});

it.skipIf(canReusePort())(
  'names the flag if several workers of the pure-JS reactor cannot share a port',
  async () => {
    const args = ['demo', '--port', '0', '--reactor', 'node', '--workers', '2'];
    const { code, stdout, stderr } = await runProgram(MAIN, args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^ropewalk: reusePort is not supported: [^\n]* \(--workers above 1 needs it\)\n$/,
    );
  },
);

describe.skipIf(!HAS_SCRIPT)('ropewalk demo on a terminal', () => {
  /** Runs the demo under script(1), which gives it a pseudo-terminal. */
  function onTerminal(env: Record<string, string> = {}): string {
    const command = `stty cols 72 rows 24; '${process.execPath}' '${fileURLToPath(MAIN)}' demo --port 0 --reactor node --seconds 1.5`;
    const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
      encoding: 'utf8',
      // Nothing else: CI systems have variables of their own that decide on colours.
      env: { PATH: process.env.PATH, TERM: 'xterm-256color', ...env },
      timeout: 15_000,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // Escape characters are not allowed in patterns.
    return stdout.replaceAll('\x1b', '<ESC>');
  }

  it('draws on the other screen, in colour, and brings back screen and cursor', () => {
    const output = onTerminal();
    const [before = '', drawn = '', after = ''] = output.split(/<ESC>\[\?1049[hl]/);
    expect(before).toMatch(/^ropewalk demo \(node, libuv\): echo on port \d+/);
    expect(drawn).toMatch(/^<ESC>\[\?25l.*Ropewalk.*<ESC>\[\?25h$/s);
    expect(drawn).toContain('<ESC>[36m');
    expect(drawn).toContain('up 0:01');
    expect(after).toMatch(/^Goodbye after 0:01: 0 connections/);
  });

  it('has no colours with NO_COLOR', () => {
    const output = onTerminal({ NO_COLOR: '1' });
    expect(output).toContain('Ropewalk');
    expect(output).not.toMatch(/<ESC>\[\d*m/);
  });

  it('prints plain lines on a terminal that can do nothing', () => {
    const output = onTerminal({ TERM: 'dumb' });
    expect(output).toMatch(/^seconds=1 /m);
    expect(output).not.toContain('<ESC>');
  });
});
