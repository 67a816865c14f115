/** Programs of Node as child processes, on every platform that has some: CI runs these tests under Wine, too. */
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { ProcessDone, SpawnError, type SpawnOptions, UnsupportedError } from '../../src/index.js';
import { getProcessOutputAndValue } from '../../src/process/index.js';
import { RecordingProcess } from '../../src/testing/contracts/processes/process-scene.js';
import { contract } from '../support/contract.js';
import { within } from '../support/deadline.js';

/** A program takes seconds to start under Wine. */
const DEADLINE_MS = 15_000;

contract('programs of Node', (rig) => {
  const violations: string[] = [];

  const start = (text: string, options: SpawnOptions = {}): RecordingProcess => {
    const recorder = new RecordingProcess(violations);
    const { args = [], ...others } = options;
    rig.reactor.spawnProcess(recorder, process.execPath, {
      args: ['-e', text, ...args],
      ...others,
    });
    return recorder;
  };

  const until = async (condition: () => boolean, what: string): Promise<void> => {
    const wait = async (): Promise<void> => {
      while (!condition()) await rig.turns(1);
    };
    await within(wait(), what, DEADLINE_MS);
    expect(violations).toEqual([]);
  };

  const end = (recorder: RecordingProcess): Promise<void> =>
    until(() => recorder.ended !== undefined, 'processEnded');

  it('read their input, write both outputs, and exit with a code', async () => {
    const recorder = start(`
      process.stdin.on('data', (data) => process.stdout.write(String(data).toUpperCase()));
      process.stdin.on('end', () => process.stderr.write('end', () => process.exit(7)));
    `);
    expect(recorder.transport.pid).toBeGreaterThan(0);
    recorder.transport.write('one ');
    await until(() => recorder.out === 'ONE ', 'the answer');
    recorder.transport.write('two');
    recorder.transport.closeStdin();
    await end(recorder);
    expect(recorder.out).toBe('ONE TWO');
    expect(recorder.output.get(2)).toBe('end');
    expect(recorder.ended).toMatchObject({ exitCode: 7 });
    expect(recorder.transport.pid).toBeUndefined();
  });

  it('are killed', async () => {
    const recorder = start("setInterval(() => {}, 1000); process.stdout.write('ready')");
    await until(() => recorder.out === 'ready', 'the start');
    recorder.transport.signalProcess(0);
    if (process.platform === 'win32') {
      expect(() => recorder.transport.signalProcess('SIGHUP')).toThrow(UnsupportedError);
      expect(() => start('', { session: true })).toThrow(UnsupportedError);
    }
    recorder.transport.signalProcess('SIGKILL');
    await end(recorder);
    expect(recorder.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(() => recorder.transport.signalProcess('SIGKILL')).toThrow(/exited already/);
  });

  it('get arguments, an environment and a directory', async () => {
    const text =
      'console.log(JSON.stringify([process.argv.slice(1), process.env.A, process.cwd()]))';
    const args = ['', 'a b', '"c\\"', 'd\\'];
    const cwd = realpathSync(tmpdir());
    const recorder = start(text, { args, env: { A: 'an "environment"' }, cwd });
    await end(recorder);
    expect(recorder.output.get(2)).toBeUndefined();
    expect(JSON.parse(recorder.out)).toEqual([args, 'an "environment"', cwd]);
    expect(recorder.ended).toBeInstanceOf(ProcessDone);
  });

  it('deliver much output, in order', async () => {
    const text = "for (let i = 0; i < 20000; i++) process.stdout.write('line ' + i + '\\n')";
    const result = getProcessOutputAndValue(rig.reactor, process.execPath, { args: ['-e', text] });
    const { stdout, exitCode } = await within(result, 'a program to end', DEADLINE_MS);
    expect(exitCode).toBe(0);
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`);
    expect(stdout.toString() === lines.join('')).toBe(true);
  });

  it('that are missing are errors of the call', () => {
    const recorder = new RecordingProcess(violations);
    expect(() => rig.reactor.spawnProcess(recorder, 'no-such-program')).toThrow(SpawnError);
    expect(recorder.calls).toEqual([]);
  });
});
