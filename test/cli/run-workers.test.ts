/** `ropewalk run --workers`. */
import { describe, expect, it } from 'vitest';
import { needs } from '../support/platform.js';
import { RawPeer } from '../support/raw-peer.js';
import { ECHO, RunFolder, RunningProgram } from './run-program.js';

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
