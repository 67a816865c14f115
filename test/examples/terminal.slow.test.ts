/** The programs of docs/howto/terminals.md. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createReactor, type Reactor } from '../../src/index.js';
import { keyOf, TerminalProcess } from '../../src/terminal/index.js';
import { Child, command, runProgram } from '../support/child.js';
import { within } from '../support/deadline.js';
import { exampleUrl, KINDS } from './programs.js';

const NATIVE = KINDS.includes('native') && process.platform !== 'win32';

describe.skipIf(!NATIVE)('the programs of terminals', () => {
  let folder = '';
  let reactor: Reactor;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    reactor = createReactor({ kind: 'native' });
  });

  afterEach(async () => {
    await reactor[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  /** Runs an example under a terminal. */
  function start(name: string, ...args: string[]): TerminalProcess {
    const running = new TerminalProcess({ columns: 50, rows: 10 });
    reactor.spawnProcess(running, process.execPath, {
      args: [...command(exampleUrl(name)), ...args],
      env: { ...process.env, NODE_OPTIONS: '', TERM: 'xterm-256color' },
      pty: { columns: 50, rows: 10 },
    });
    return running;
  }

  function shows(running: TerminalProcess, pattern: RegExp): Promise<unknown> {
    return within(running.client.expect(pattern), () => `${pattern} on ${running.screen}`);
  }

  function ended(running: TerminalProcess): Promise<unknown> {
    return within(
      new Promise<void>((resolve) => {
        running.processEnded = () => resolve();
      }),
      'a program to end',
    );
  }

  it('read the screen of a shell', async () => {
    const { code, stdout, stderr } = await runProgram(exampleUrl('terminal-screen'), []);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/6 40\n\$ stty size\n8 60\n\$ printf .*\nred\n\$\n/);
    expect(stdout).toContain('{ bold: true, foreground: 1 }');
  });

  it('edit and complete lines', async () => {
    const running = start('terminal-lines');
    await shows(running, /^rope>$/m);
    running.transport.write('ec\thello\x1b[D\x1b[D\x1b[DX\r');
    await shows(running, /^heXllo\nrope>$/m);
    running.client.sendKey(keyOf('ArrowUp'));
    running.client.sendKey(keyOf('Backspace'));
    await shows(running, /^heXllo\nrope> echo heXll$/m);
    running.transport.write('\x15wait 0\rhelp\r');
    await shows(running, /wait 0\ndone\nrope> help\necho exit help wait\nrope>$/m);
    running.resize({ columns: 20, rows: 10 });
    running.transport.write('0123456789 0123456789');
    await shows(running, /^rope> 0123456789 012\n3456789$/m);
    running.transport.write('\x15\x04');
    await ended(running);
  });

  it('serve shells whose windows change', async () => {
    const path = join(folder, 'shell.sock');
    await using server = new Child(exampleUrl('shell-server'), ['--path', path]);
    await server.printed(/listening/);
    const running = start('shell-client', '--path', path);
    await shows(running, /[$#]$/m);
    running.transport.write("PS1='$ '; clear; stty size\r");
    await shows(running, /^10 50\n\$$/m);
    running.resize({ columns: 40, rows: 8 });
    running.transport.write('clear\r');
    await shows(running, /^\$\n/);
    running.transport.write(
      'until [ "$(stty size)" = "8 40" ]; do read -t 0.1 -n 1; done; echo seen\r',
    );
    await shows(running, /^seen$/m);
    running.transport.write('exit\r');
    await ended(running);
    server.process.kill('SIGTERM');
    await server.result();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('report a server that is not there', async () => {
    const args = ['--path', join(folder, 'none.sock')];
    const { code, stderr } = await runProgram(exampleUrl('shell-client'), args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^shell-client: /);
  });
});
