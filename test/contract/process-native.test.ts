/** Child processes: what only the native reactor can do. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type ProcessClosed, ProcessProtocol, type SpawnOptions } from '../../src/index.js';
import { ProgramWorker } from '../support/child.js';
import { contract } from '../support/contract.js';
import { Pulse, within } from '../support/deadline.js';
import { needs } from '../support/platform.js';
import { REACTORS } from '../support/reactors.js';
import { temporaryFolder } from '../support/unix.js';

const WORKER = new URL('./programs/process-worker.ts', import.meta.url);
const NATIVE = REACTORS.filter(({ native }) => native);
const env = { PATH: '/usr/local/bin:/usr/bin:/bin', TERM: 'dumb', PS1: '$ ' };

class Recorder extends ProcessProtocol {
  output = '';
  #ended: ProcessClosed | undefined = undefined;
  readonly #pulse = new Pulse();

  override outReceived(data: Buffer): void {
    this.output += data.toString();
    this.#pulse.notify();
  }

  override processEnded(reason: ProcessClosed): void {
    this.#ended = reason;
    this.#pulse.notify();
  }

  shows(text: string | RegExp): Promise<void> {
    const what = (): string => `${text} in ${JSON.stringify(this.output)}`;
    const found = (): boolean =>
      typeof text === 'string' ? this.output.includes(text) : text.test(this.output);
    return this.#pulse.until(found, what);
  }

  async ended(): Promise<ProcessClosed | undefined> {
    await this.#pulse.until(() => this.#ended !== undefined, 'processEnded');
    return this.#ended;
  }
}

contract(
  'processes',
  (rig) => {
    const spawn = (file: string, args: string[], options: SpawnOptions = {}): Recorder => {
      needs('descriptors');
      const recorder = new Recorder();
      rig.reactor.spawnProcess(recorder, file, { args, env, ...options });
      return recorder;
    };
    const outputOf = async (text: string, options: SpawnOptions): Promise<string> => {
      const recorder = spawn('/bin/sh', ['-c', text], options);
      expect(await recorder.ended()).toMatchObject({ name: 'ProcessDone' });
      return recorder.output;
    };

    /** Neither zombies nor more than `before` descriptors. */
    const untilGone = async (pids: readonly number[], before: number): Promise<void> => {
      const left = (): number[] => pids.filter((pid) => existsSync(`/proc/${pid}`));
      const open = (): number => readdirSync('/proc/self/fd').length;
      const wait = async (): Promise<void> => {
        while (left().length > 0 || open() > before) await rig.turns(1);
      };
      await within(wait(), () => `processes to be gone: ${left()}, ${open() - before} descriptors`);
    };

    it('sets the umask and limits', async () => {
      const options = { umask: 0o027, limits: { openFiles: 99, coreBytes: 0 } };
      const output = await outputOf('umask; ulimit -n; ulimit -c', options);
      expect(output).toBe('0027\n99\n0\n');
    });

    it('begins a process group, which it signals', async () => {
      const recorder = spawn('/bin/sh', ['-c', 'sleep 60 & echo on; wait'], {
        processGroup: 'new',
      });
      await recorder.shows('on');
      recorder.transport.signalProcess('SIGTERM', { group: true });
      expect(await recorder.ended()).toMatchObject({ signal: 'SIGTERM' });
    });

    it.skipIf(process.getuid?.() !== 0)(
      'changes the user, the group and the supplementary groups',
      async () => {
        const ids = { uid: 65_534, gid: 65_533 };
        expect(await outputOf('id -u; id -G', ids)).toBe('65534\n65533\n');
        const groups = await outputOf('id -G', { ...ids, groups: [65_532] });
        expect(groups).toBe('65533 65532\n');
      },
    );

    it('gives the child a terminal with a size, which changes', async () => {
      const script = 'trap "stty size" WINCH; stty size; tty; while :; do sleep 0.01; done';
      const recorder = spawn('/bin/sh', ['-c', script], { pty: { columns: 91, rows: 23 } });
      const { transport } = recorder;
      await recorder.shows('23 91\r\n/dev/');
      expect(transport.getTerminalSize()).toMatchObject({ columns: 91, rows: 23 });
      transport.setTerminalSize({ columns: 60, rows: 20 });
      await recorder.shows('20 60\r\n');
      transport.signalProcess('SIGKILL');
      await recorder.ended();
      expect(() => transport.setTerminalSize({ columns: 1, rows: 1 })).toThrow(/exited already/);
    });

    it('passes bytes unchanged over a raw terminal', async () => {
      const recorder = spawn('/bin/cat', [], { pty: { raw: true } });
      recorder.transport.write('a\n\x03\x04\x7f');
      await recorder.shows('a\n\x03\x04\x7f');
      expect(recorder.output).toBe('a\n\x03\x04\x7f');
      recorder.transport.loseConnection();
      expect(await recorder.ended()).toMatchObject({ signal: 'SIGHUP' });
    });

    it('has job control in a shell: an interrupt, a stop, and the foreground again', async () => {
      const recorder = spawn('bash', ['--norc', '--noprofile', '-i'], { pty: true });
      const { transport } = recorder;
      await recorder.shows('$ ');
      // The command in its echo differs from its output.
      transport.write("echo r''eady; cat\n");
      await recorder.shows('ready\r\n');
      transport.write('line\n');
      await recorder.shows('line\r\nline\r\n');
      transport.write('\x03');
      await recorder.shows(/\^C.*\$ $/s);
      transport.write('echo code-$?\n');
      await recorder.shows('code-130\r\n');
      transport.write("echo w''ait; cat\n");
      await recorder.shows('wait\r\n');
      transport.write('two\n');
      await recorder.shows('two\r\ntwo\r\n');
      transport.write('\x1a');
      await recorder.shows(/Stopped.*\$ $/s);
      transport.write('fg\n');
      await recorder.shows(/fg\r\n.*cat\r\n/s);
      transport.write('again\n');
      await recorder.shows('again\r\nagain\r\n');
      transport.write('\x04');
      transport.write('exit 3\n');
      expect(await recorder.ended()).toMatchObject({ exitCode: 3 });
      expect(() => transport.closeStdin()).toThrow(/cannot end one direction/);
    });

    it.skipIf(process.platform !== 'linux')('leaves no descriptor behind', async () => {
      const open = (): number => readdirSync('/proc/self/fd').length;
      await outputOf('true', { pty: true });
      await rig.turns(2);
      const before = open();
      for (let i = 0; i < 20; i++) {
        const options = i % 2 === 0 ? { pty: true } : {};
        await outputOf('true', options);
        expect(() => spawn('/nonexistent', [], options)).toThrow(/could not be started/);
      }
      await rig.turns(2);
      expect(open()).toBe(before);
    });

    it('says that a file is no program', () => {
      needs('descriptors');
      const file = join(temporaryFolder(rig), 'program');
      writeFileSync(file, '\x01\x02', { mode: 0o755 });
      expect(() => spawn(file, [])).toThrow(/ENOEXEC.*first line such as #!/);
    });

    it('does not change the size of another terminal after its own is closed', async () => {
      const recorder = spawn('/bin/cat', [], { pty: true });
      const { transport } = recorder;
      transport.pipe(1)?.abortConnection();
      // Its descriptor is closed within this turn, and may then be that of another terminal.
      expect(() => transport.setTerminalSize({ columns: 1, rows: 1 })).toThrow(/exited already/);
      expect(() => transport.getTerminalSize()).toThrow(/exited already/);
      await recorder.ended();
    });

    it.skipIf(process.platform !== 'linux')(
      'reaps a process that it has abandoned, when that exits',
      async () => {
        await rig.turns(2);
        const reactor = rig.make();
        const before = readdirSync('/proc/self/fd').length;
        const recorder = new Recorder();
        const run = reactor.run({ installSignalHandlers: false });
        const ignoring = 'exec 0<&- 1>&- 2>&-; while :; do sleep 0.01; done';
        reactor.spawnProcess(recorder, '/bin/sh', { args: ['-c', ignoring], env });
        const pid = recorder.transport.pid as number;
        reactor.callWhenRunning(() => reactor.stop());
        await within(run, 'the reactor to stop');
        expect(await recorder.ended()).toMatchObject({ name: 'ProcessAbandoned' });
        expect(existsSync(`/proc/${pid}`)).toBe(true);
        process.kill(pid, 'SIGKILL');
        await untilGone([pid], before);
      },
    );

    it.skipIf(process.platform !== 'linux')(
      'leaves neither descriptors nor zombies of a worker that was terminated',
      async () => {
        await outputOf('true', {});
        await rig.turns(2);
        const before = readdirSync('/proc/self/fd').length;
        const worker = rig.use(new ProgramWorker(WORKER, { reactor: rig.maker.name }));
        const pids = await worker.message<number[]>();
        expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toHaveLength(3);
        await worker.worker.terminate();
        // The end of their input ends the programs.
        await untilGone(pids, before);
      },
    );
  },
  NATIVE,
);
