/** Many child processes at once, also ones that behave badly. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ProcessDone, ProcessTerminated, type SpawnOptions } from '../../src/index.js';
import { RecordingProcess } from '../../src/testing/contracts/processes/process-scene.js';
import { ProgramWorker } from '../support/child.js';
import { contract } from '../support/contract.js';
import { within } from '../support/deadline.js';
import { openDescriptors } from '../support/descriptors.js';
import { childDescriptorLists, openPairs } from './child-descriptors.js';

const CROWD = process.env.ROPEWALK_SANITIZE === undefined ? 1_000 : 200;
/** Of each kind. */
const SOME = 100;
const DESCRIPTORS_OF_CHILD = 3;
const DEADLINE_MS = 60_000;
const WORKER = new URL('./programs/descriptors-worker.ts', import.meta.url);
const env = { PATH: '/usr/local/bin:/usr/bin:/bin' };

/** Node has raised it to the hard limit. */
function descriptorLimit(): number {
  const text = String(execFileSync('/bin/sh', ['-c', 'ulimit -n'])).trim();
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
}

describe.skipIf(process.platform !== 'linux')('many processes', { timeout: 120_000 }, () => {
  contract('of a reactor', (rig) => {
    const violations: string[] = [];
    const spawn = (text: string, options: SpawnOptions = {}): RecordingProcess => {
      const recorder = new RecordingProcess(violations);
      rig.reactor.spawnProcess(recorder, '/bin/sh', { args: ['-c', text], env, ...options });
      return recorder;
    };
    const some = (text: string): RecordingProcess[] =>
      Array.from({ length: SOME }, () => spawn(text));
    const until = async (condition: () => boolean, what: string): Promise<void> => {
      const wait = async (): Promise<void> => {
        while (!condition()) await rig.turns(1);
      };
      await within(wait(), what, DEADLINE_MS);
    };
    const allEnded = async (recorders: readonly RecordingProcess[]): Promise<void> => {
      const left = (): number => recorders.filter(({ ended }) => ended === undefined).length;
      await until(() => left() === 0, 'all processes to end');
      expect(violations).toEqual([]);
    };

    it(`run at the same time: ${CROWD}`, async ({ skip }) => {
      if (descriptorLimit() < (CROWD + 100) * DESCRIPTORS_OF_CHILD) skip('too few descriptors');
      await rig.turns(2);
      const before = openDescriptors();
      const crowd = Array.from({ length: CROWD }, () => spawn('exec cat'));
      const pids = crowd.map(({ transport }) => transport.pid);
      expect(new Set(pids).size).toBe(CROWD);
      for (const [i, { transport }] of crowd.entries()) transport.write(`line ${i}\n`);
      const answered = (): boolean => crowd.every(({ out }, i) => out === `line ${i}\n`);
      await until(answered, 'all answers');
      for (const { transport } of crowd) transport.signalProcess(0); // throws if it has ended
      for (const { transport } of crowd) transport.closeStdin();
      await allEnded(crowd);
      for (const { ended } of crowd) expect(ended).toBeInstanceOf(ProcessDone);
      for (const pid of pids) expect(() => process.kill(pid as number, 0)).toThrow('ESRCH');
      await until(() => openDescriptors() <= before, 'descriptors to be closed');
    });

    it(`end, whatever they do: ${SOME} of each kind`, async () => {
      const dead = some('exit 9');
      const deaf = some('exec sleep 1000');
      const daemons = some('sleep 1000 & echo $!');
      const stubborn = some('trap "" TERM; echo ready; read line; echo still; read line');
      let pauses = 0;
      for (const { transport } of [...dead, ...deaf]) {
        const pauseProducing = (): void => {
          pauses += 1;
        };
        const ignore = (): void => {};
        const producer = { pauseProducing, resumeProducing: ignore, stopProducing: ignore };
        transport.registerProducer(producer, true);
        transport.write(Buffer.alloc(1024 * 1024));
      }
      expect(pauses).toBe(2 * SOME);
      await allEnded(dead);
      for (const { ended } of dead) expect(ended).toMatchObject({ exitCode: 9 });

      await until(
        () => daemons.every(({ out, exited }) => out.endsWith('\n') && exited !== undefined),
        'the grandchildren',
      );
      expect(daemons.every(({ ended }) => ended === undefined)).toBe(true);
      for (const { transport } of daemons) transport.loseConnection();
      await allEnded(daemons);
      for (const { out, ended } of daemons) {
        process.kill(Number(out), 'SIGKILL');
        expect(ended).toBeInstanceOf(ProcessDone);
      }

      await until(() => stubborn.every(({ out }) => out === 'ready\n'), 'the traps');
      for (const { transport } of stubborn) {
        transport.signalProcess('SIGTERM');
        transport.write('line\n');
      }
      await until(() => stubborn.every(({ out }) => out === 'ready\nstill\n'), 'all to go on');
      for (const { transport } of deaf) expect(transport.bufferedBytes).toBeGreaterThan(0);
      for (const { transport } of [...deaf, ...stubborn]) transport.signalProcess('SIGKILL');
      await allEnded([...deaf, ...stubborn]);
      for (const { ended } of [...deaf, ...stubborn]) {
        expect(ended).toBeInstanceOf(ProcessTerminated);
        expect(ended).toMatchObject({ signal: 'SIGKILL' });
      }
    });

    it('have only the descriptors asked for, whatever this process and its workers have open', async () => {
      // Descriptors that this process has inherited are also those of the children of the pure-JS reactor.
      const [expected] = await childDescriptorLists(rig.reactor, 1);
      if (rig.native) expect(expected).toBe('0\n1\n2\n5\n');
      await openPairs(rig.reactor, 150);
      const reactor = rig.maker.name;
      const workers = [1, 2, 3].map(() => rig.use(new ProgramWorker(WORKER, { reactor })));
      for (const worker of workers) await worker.message();
      expect(openDescriptors()).toBeGreaterThan(600);
      for (const { worker } of workers) worker.postMessage('go');
      const lists = await childDescriptorLists(rig.reactor, 40);
      for (const worker of workers) lists.push(...(await worker.message<string[]>(1)));
      expect(lists).toHaveLength(160);
      for (const list of lists) expect(list).toBe(expected);
    });
  });
});
