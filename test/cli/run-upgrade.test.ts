/** SIGUSR2 of `ropewalk run`. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createReactor } from '../../src/index.js';
import { Pulse } from '../support/deadline.js';
import { needs } from '../support/platform.js';
import { RawPeer } from '../support/raw-peer.js';
import { ECHO, RunFolder, RunningProgram } from './run-program.js';
import { DRAINED_ECHO, upgradeUnderDatagrams, upgradeUnderLoad } from './upgrade-load.js';

describe.runIf(process.platform === 'linux')('an upgrade of a running program', () => {
  it('refuses, resets and loses nothing', { timeout: 90_000 }, async () => {
    needs('descriptors');
    await upgradeUnderLoad(2, 300);
  });

  it('loses no datagram', { timeout: 90_000 }, async () => {
    needs('descriptors');
    await upgradeUnderDatagrams(3, 2_000);
  });

  it('keeps the files of UNIX sockets', async () => {
    needs('descriptors');
    using folder = new RunFolder();
    const path = folder.file('echo.sock');
    const args = ['--reactor', 'native', folder.write(DRAINED_ECHO), `unix:${path}`];
    await using program = await RunningProgram.start(args);
    program.process.kill('SIGUSR2');
    const successor = await program.started(2);
    await program.printed(/has taken over/);
    await using peer = await RawPeer.connectUNIX(path);
    peer.write('hello');
    await peer.receive(5);
    await peer[Symbol.asyncDispose]();
    process.kill(successor, 'SIGTERM');
    await program.result();
    expect(folder.names).toEqual(['program.mjs']);
  });

  it('is one at a time, and ends when the program is stopped meanwhile', async () => {
    needs('descriptors');
    using folder = new RunFolder();
    const file = folder.write(DRAINED_ECHO);
    const args = ['--reactor', 'native', '--pid-file', folder.pidFile, file];
    await using program = await RunningProgram.start(args);
    folder.write(
      'console.log("loading " + process.pid); await new Promise((f) => setTimeout(f, 60_000));',
    );
    program.process.kill('SIGUSR2');
    const [, successor] = await program.printed(/loading (\d+)/);
    program.process.kill('SIGUSR2');
    await program.printed(/an upgrade is in progress/);
    program.process.kill('SIGTERM');
    // The successor has the same pipes: this waits for its end too.
    expect(await program.result()).toMatchObject({ signal: 'SIGTERM' });
    expect(stateOf(Number(successor))).toMatch(/gone|Z/);
    expect(folder.names).toEqual(['program.mjs']);
  });

  it('that fails changes nothing', async () => {
    needs('descriptors');
    using folder = new RunFolder();
    const path = folder.file('echo.sock');
    const args = ['--reactor', 'native', '--pid-file', folder.pidFile];
    const file = folder.write(DRAINED_ECHO);
    await using program = await RunningProgram.start([...args, file, `unix:${path}`]);
    const failing = `
      import { MultiService } from '${new URL('../../dist/application/index.js', import.meta.url)}';
      ${DRAINED_ECHO.replace('export default', 'const make =')}
      export default (reactor, args) => {
        const both = new MultiService();
        both.addService(make(reactor, args));
        both.addService({ startService() { throw new Error('new version'); }, stopService() {} });
        return both;
      };
    `;
    for (const text of ['throw new Error("new version");', failing]) {
      folder.write(text);
      const before = program.stdout.length;
      program.process.kill('SIGUSR2');
      await program.pulse.until(
        () => program.stdout.slice(before).includes('the upgrade failed, this process continues'),
        () => `the failure; it printed ${program.stdout}${program.stderr}`,
        15_000,
      );
      await using peer = await RawPeer.connectUNIX(path);
      peer.write('hello');
      await peer.receive(5);
      await peer[Symbol.asyncDispose]();
    }
    expect(program.stderr).toContain('Error: new version');
    expect(readFileSync(folder.pidFile, 'utf8')).toBe(`${program.pid}\n`);
    program.process.kill('SIGTERM');
    expect((await program.result()).signal).toBe('SIGTERM');
    expect(folder.names).toEqual(['program.mjs']);
  });

  it('is refused without the native reactor', async () => {
    needs('descriptors');
    using folder = new RunFolder();
    await using program = await RunningProgram.start(['--reactor', 'node', folder.write(ECHO)]);
    program.process.kill('SIGUSR2');
    await program.printed(/the upgrade failed, this process continues: .*native reactor.*\n/);
    expect(await program.ask('hello')).toBe('hello');
    expect(program.stdout + program.stderr).not.toMatch(/^ +at /m);
  });

  it('makes the successor the main process of systemd', async () => {
    needs('descriptors');
    using folder = new RunFolder();
    await using reactor = createReactor({ kind: 'native' });
    const path = folder.file('notify');
    const messages: string[] = [];
    const pulse = new Pulse();
    reactor.listenUNIXDatagram(path, (data) => {
      messages.push(String(data));
      pulse.notify();
    });
    const until = (text: string): Promise<void> =>
      pulse.until(
        () => messages.includes(text),
        () => `${text}; received ${messages}`,
        15_000,
      );
    const args = ['--reactor', 'native', folder.write(ECHO)];
    await using program = await RunningProgram.start(args, { env: { NOTIFY_SOCKET: path } });
    await until('READY=1');
    program.process.kill('SIGUSR2');
    const successor = await program.started(2);
    await until(`MAINPID=${successor}`);
    expect(messages).toEqual(['READY=1', 'READY=1', `MAINPID=${successor}`]);
    process.kill(successor, 'SIGTERM');
    await until('STOPPING=1');
    await program.result();
  });
});

/** That of /proc/PID/stat: Z is a process that has ended, and waits for its new parent to take note. */
function stateOf(pid: number): string {
  try {
    return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1] ?? '';
  } catch {
    return 'gone';
  }
}
