/** `ropewalk passwd`: passwords of standard input and of a terminal, and what it refuses. */
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FileChecker, Portal, UsernamePassword } from '../../src/cred/index.js';
import { createReactor, ProcessDone, ProcessProtocol } from '../../src/index.js';
import { Child, type ChildResult, runProgram } from '../support/child.js';
import { Pulse } from '../support/deadline.js';
import { needs } from '../support/platform.js';
import { MAIN, RunFolder } from './run-program.js';

const POSIX = process.platform !== 'win32';
const REALM = { requestAvatar: (id: string) => ({ type: 'user' as const, avatar: id }) };

async function given(input: string | Buffer, ...args: string[]): Promise<ChildResult> {
  await using child = new Child(MAIN, ['passwd', ...args], { stdin: 'pipe' });
  child.process.stdin?.end(input);
  return await child.result();
}

async function logsIn(path: string, user: string, password: string): Promise<boolean> {
  const portal = new Portal(REALM, [new FileChecker(path)]);
  return await portal.login(new UsernamePassword(user, password)).then(
    () => true,
    () => false,
  );
}

describe('ropewalk passwd', () => {
  it('creates a file, changes a password, and removes a user', async () => {
    using folder = new RunFolder();
    const path = folder.file('users');
    const done = `set the password of alice in ${path}`;
    const created = await given('first secret\n', path, 'alice');
    expect(created).toMatchObject({
      code: 0,
      stdout: `${done}, which has been created\n`,
      stderr: '',
    });
    if (POSIX) expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await given('other\r\n', path, 'bob')).toMatchObject({ code: 0, stderr: '' });
    expect(await given('second', path, 'alice')).toMatchObject({ code: 0, stdout: `${done}\n` });
    expect(await logsIn(path, 'alice', 'first secret')).toBe(false);
    expect(await logsIn(path, 'alice', 'second')).toBe(true);
    expect(await logsIn(path, 'bob', 'other')).toBe(true);

    const removed = await runProgram(MAIN, ['passwd', '--delete', path, 'alice']);
    expect(removed).toMatchObject({ code: 0, stdout: `removed alice from ${path}\n`, stderr: '' });
    expect(readFileSync(path, 'utf8')).toMatch(/^bob:\$scrypt\$[^\n]*\n$/);
    const again = await runProgram(MAIN, ['passwd', '--delete', path, 'alice']);
    expect(again).toMatchObject({ code: 1, stderr: `ropewalk: ${path} has no user alice\n` });
    expect(folder.names).toEqual(['users']);
  });

  it('writes the scheme of --scheme', async () => {
    using folder = new RunFolder();
    const path = folder.file('users');
    const { code } = await given('secret\n', '--scheme', 'bcrypt', path, 'alice');
    expect(code).toBe(0);
    expect(readFileSync(path, 'utf8')).toMatch(/^alice:\$2y\$12\$/);
  });

  it.each<[string, string | Buffer, string]>([
    ['no password', '', 'the password is empty'],
    ['an empty line', '\n', 'the password is empty'],
    ['two lines', 'marked\nmarked\n', 'standard input has more than one line'],
    ['too many octets', 'marked'.repeat(3_000), 'standard input has more than 16384 octets'],
    ['other octets than UTF-8', Buffer.from([0x6d, 0xff]), 'standard input is not UTF-8'],
    ['a NUL', 'mark\0ed', 'NUL'],
    ['a password that is too long', 'marked'.repeat(300), '1024'],
  ])('refuses %s in one line that does not show it', async (_what, input, message) => {
    using folder = new RunFolder();
    const { code, stdout, stderr } = await given(input, folder.file('users'), 'alice');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^ropewalk: [^\n]*\n$/);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('marked');
    expect(folder.names).toEqual([]);
  });

  it.each([
    [[], 'passwd takes a FILE and a USER'],
    [['users'], 'passwd takes a FILE and a USER'],
    [['users', 'alice', 'secret'], 'passwd takes a FILE and a USER'],
    [['/no/such/users', 'a:b'], 'without colons'],
    [['--scheme', 'md5', 'users', 'alice'], '--scheme is one of scrypt, argon2id, bcrypt'],
    [['--delete', '--scheme', 'bcrypt', 'users', 'alice'], '--delete or --scheme, not both'],
  ])('refuses wrong arguments: %j', async (args, message) => {
    const { code, stderr } = await runProgram(MAIN, ['passwd', ...args]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
    expect(stderr).not.toContain('secret');
  });

  it('says that the file cannot be written', async () => {
    const { code, stderr } = await given('secret\n', '/no/such/users', 'alice');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'ropewalk: /no/such/users: it cannot be written\n',
    });
  });
});

/** A command on a terminal. */
class OnTerminal extends ProcessProtocol {
  output = '';
  code: number | null = null;
  signal: string | null = null;
  ended = false;
  readonly pulse: Pulse = new Pulse();

  override outReceived(data: Buffer): void {
    this.output += data.toString();
    this.pulse.notify();
  }

  override processEnded(reason: Error & { exitCode?: number; signal?: string }): void {
    this.code = reason instanceof ProcessDone ? 0 : (reason.exitCode ?? null);
    this.signal = reason.signal ?? null;
    this.ended = true;
    this.pulse.notify();
  }

  async printed(text: string): Promise<void> {
    await this.pulse.until(
      () => this.output.includes(text) || this.ended,
      () => `the text ${text}; it printed ${JSON.stringify(this.output)}`,
      15_000,
    );
    expect(this.output).toContain(text);
  }
}

describe.runIf(process.platform === 'linux')('ropewalk passwd on a terminal', () => {
  it.each<[string, string, string, string, string?]>([
    ['asks twice and shows nothing', 'marked\r', 'marked\r', 'set the password of alice'],
    ['refuses two different passwords', 'marked\r', 'marked2\r', 'the two passwords differ'],
    ['takes back characters', 'markedx\x7f\r', 'marked\r', 'set the password of alice'],
    ['ends at the end of the input', 'marked\r', '\x04', 'there was no password'],
    ['ends at Control-C', 'marked\r', '\x03', 'Again: '],
    ['refuses keys that TERM=dumb cannot edit with', 'mark\x7f\r', 'mark\x7f\r', 'control', 'dumb'],
  ])('%s', async (_what, first, second, expected, TERM = 'xterm') => {
    needs('descriptors');
    using folder = new RunFolder();
    await using reactor = createReactor({ kind: 'native' });
    const terminal = new OnTerminal();
    const path = folder.file('users');
    reactor.spawnProcess(terminal, process.execPath, {
      args: [fileURLToPath(MAIN), 'passwd', path, 'alice'],
      env: { PATH: process.env.PATH ?? '', TERM },
      pty: { columns: 200, rows: 50 },
    });
    await terminal.printed('New password of alice: ');
    terminal.transport.write(first);
    await terminal.printed('Again: ');
    terminal.transport.write(second);
    await terminal.printed(expected);
    await terminal.pulse.until(() => terminal.ended, 'the end of the command');
    expect(terminal.output).not.toContain('marked');
    const succeeds = expected.startsWith('set');
    if (second === '\x03') expect(terminal.signal).toBe('SIGINT');
    else expect(terminal.code).toBe(succeeds ? 0 : 1);
    expect(folder.names).toEqual(succeeds ? ['users'] : []);
    if (succeeds) expect(await logsIn(path, 'alice', 'marked')).toBe(true);
  });
});
