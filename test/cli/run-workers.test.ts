/** `ropewalk run --workers`. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hasProgram, PeerProgram } from '../support/peers.js';
import { needs } from '../support/platform.js';
import { closedPort, RawPeer } from '../support/raw-peer.js';
import { ECHO, MAIN, RunFolder, RunningProgram } from './run-program.js';

describe.runIf(process.platform === 'linux')('ropewalk run --workers', () => {
  it('runs the program in several processes, starts a crashed one again, and replaces them at SIGHUP', async () => {
    needs('descriptors');
    using folder = new RunFolder();
    const args = ['--reactor', 'native', '--workers', '2', '--pid-file', folder.pidFile];
    await using program = await RunningProgram.start([...args, folder.write(ECHO)]);
    expect(program.stdout).toContain('2 workers started');
    const pid = Number(await program.ask('pid'));
    expect(pid).not.toBe(program.pid);
    await using peer = await RawPeer.connect(program.port);
    peer.write('exit');
    await peer.until(() => peer.closed || peer.ended, 'the crash');
    await program.printed(/worker \d: exited[\s\S]*worker \d: ready/);
    expect(await program.ask('hello')).toBe('hello');
    const before = program.stdout.length;
    program.process.kill('SIGHUP');
    await program.pulse.until(
      () => program.stdout.slice(before).includes('reloaded'),
      'the replacement',
      15_000,
    );
    expect(await program.ask('hello')).toBe('hello');
    program.process.kill('SIGTERM');
    expect(await program.result()).toMatchObject({ signal: 'SIGTERM' });
    expect(folder.names).toEqual(['program.mjs']);
  });

  it('says why a worker cannot start', async () => {
    needs('descriptors');
    using folder = new RunFolder();
    const file = folder.write('export default () => { throw new Error("no settings"); };');
    const args = ['--reactor', 'native', '--workers', '2', '--pid-file', folder.pidFile, file];
    const { code, stderr } = await folder.run(args);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('no settings') });
    expect(folder.names).toEqual(['program.mjs']);
  });
});

describe.runIf(process.platform === 'linux')('sockets of ropewalk run --workers', () => {
  /** The numbers of the processes that answer. */
  const pids = async (connect: () => Promise<RawPeer>, wanted: number): Promise<Set<string>> => {
    const found = new Set<string>();
    // One that comes alone may always reach the same process.
    for (let i = 0; i < 40 && found.size < wanted; i++) {
      const peers = await Promise.all(Array.from({ length: 10 }, connect));
      for (const peer of peers) peer.write('pid');
      for (const peer of peers) {
        await peer.until(() => peer.text !== '', 'an answer');
        found.add(peer.text);
        await peer[Symbol.asyncDispose]();
      }
    }
    return found;
  };

  it('share a UNIX socket, which stays open while workers are replaced', async () => {
    needs('descriptors');
    using folder = new RunFolder();
    const path = folder.file('echo.sock');
    const args = ['--reactor', 'native', '--workers', '2', folder.write(UNIX_ECHO), path];
    await using program = await RunningProgram.start(args);
    expect(program.stdout).toContain(`listening: ${path}`);
    const connect = (): Promise<RawPeer> => RawPeer.connectUNIX(path);
    const before = await pids(connect, 2);
    expect(before.size).toBe(2);
    process.kill(Number([...before][0]), 'SIGKILL');
    await program.printed(/worker \d: exited[\s\S]*worker \d: ready/);
    expect((await pids(connect, 2)).size).toBe(2);
    const printed = program.stdout.length;
    program.process.kill('SIGHUP');
    await program.pulse.until(
      () => program.stdout.slice(printed).includes('reloaded'),
      'the replacement',
      15_000,
    );
    const after = await pids(connect, 2);
    expect([...after].filter((pid) => before.has(pid))).toEqual([]);
    program.process.kill('SIGTERM');
    expect(await program.result()).toMatchObject({ signal: 'SIGTERM', stderr: expect.any(String) });
    expect(folder.names).toEqual(['program.mjs']);
  });

  it.runIf(hasProgram('systemd-socket-activate'))('share sockets of systemd', async () => {
    needs('descriptors');
    using folder = new RunFolder();
    const path = folder.file('activated.sock');
    const port = await closedPort();
    const file = folder.write(SYSTEMD_ECHO);
    const run = [process.execPath, fileURLToPath(MAIN), 'run', '--reactor', 'native'];
    await using activate = new PeerProgram('systemd-socket-activate', [
      ...['-l', `127.0.0.1:${port}`, '-l', path, '--fdname=web:local', '-E', 'PATH', '-E', 'HOME'],
      ...[...run, '--workers', '2', file],
    ]);
    await activate.until(() => activate.stderr.includes(path), 'to listen');
    expect((await pids(() => RawPeer.connect(port), 1)).size).toBe(1);
    await activate.until(() => activate.stdout.includes('2 workers started'), 'to start');
    expect(activate.stdout).toContain('listening: systemd:web, systemd:local');
    expect((await pids(() => RawPeer.connect(port), 2)).size).toBe(2);
    expect((await pids(() => RawPeer.connectUNIX(path), 2)).size).toBe(2);
  });
});

const PID_ECHO = `
const echo = () => ({
  dataReceived(data, transport) {
    transport.write(String(data) === 'pid' ? String(process.pid) : data);
  },
});`;
const UNIX_ECHO = `${PID_ECHO}
export default (reactor, [path]) => {
  let port;
  return {
    startService() { port = reactor.listenUNIX(path, echo); },
    stopService: () => port.stopListening(),
  };
};`;
const SYSTEMD_ECHO = `
import { MultiService, serviceFromString } from '${new URL('../../dist/application/index.js', import.meta.url)}';
${PID_ECHO}
export default (reactor) => {
  const both = new MultiService();
  for (const name of ['web', 'local']) {
    both.addService(serviceFromString(reactor, \`systemd:name=\${name}\`, echo));
  }
  return both;
};`;
