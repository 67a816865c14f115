// What child processes cost this process: starting them, and reading their output, against node:child_process.
//
//     npx tsx bench/micro/process/processes.bench.ts [--rounds N] [--quick]

import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { createReactor } from '../../../src/reactor/create-reactor.js';
import type { Effort, Figures, MicroBench } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { expectSame } from '../../harness/micro/timing.js';

const SPAWNS = 2_000;
const AT_ONCE = 8;
const OUTPUT_BYTES = 1024 ** 3;
const PROGRAM = '/bin/true';

/** Starts a program and settles when it has ended and its pipes are closed. */
type RunProgram = () => Promise<void>;
/** Runs `head -c bytes /dev/zero`, and settles with the number of bytes that arrived. */
type ReadOutput = (args: string[]) => Promise<number>;

/** CPU time of this process, without its children, in microseconds. */
async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

async function measureSpawns(run: RunProgram, effort: Effort): Promise<Figures> {
  const spawnAll = async (count: number): Promise<void> => {
    let left = count;
    const worker = async (): Promise<void> => {
      for (; left > 0; ) {
        left -= 1;
        await run();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  };
  const count = effort.count(SPAWNS);
  await spawnAll(Math.ceil(count / 10));
  return { '': (await cpuOf(() => spawnAll(count))) / count };
}

async function measureOutput(read: ReadOutput, effort: Effort): Promise<Figures> {
  const bytes = effort.count(OUTPUT_BYTES);
  const args = ['-c', String(bytes), '/dev/zero'];
  await read(['-c', String(Math.ceil(bytes / 20)), '/dev/zero']);
  let received = 0;
  const cpu = await cpuOf(async () => {
    received = await read(args);
  });
  expectSame('bytes of output', received, bytes);
  return { '': (cpu * (OUTPUT_BYTES / bytes)) / 1000 };
}

const reactor = createReactor({ kind: 'native' });

const runOurs: RunProgram = () =>
  new Promise((resolve) => {
    reactor.spawnProcess({ processEnded: () => resolve() }, PROGRAM, { env: null });
  });

const runNodes: RunProgram = async () => {
  const child = spawn(PROGRAM);
  child.stdout.resume();
  child.stderr.resume();
  await once(child, 'close');
};

const readOurs =
  (acceptsLentBytes: boolean): ReadOutput =>
  (args) =>
    new Promise((resolve) => {
      let bytes = 0;
      const handlers = {
        acceptsLentBytes,
        childDataReceived: (_number: number, data: Buffer) => {
          bytes += data.length;
        },
        processEnded: () => resolve(bytes),
      };
      reactor.spawnProcess(handlers, '/usr/bin/head', { args });
    });

const readNodes: ReadOutput = async (args) => {
  let bytes = 0;
  const child = spawn('/usr/bin/head', args);
  child.stdout.on('data', (data: Buffer) => {
    bytes += data.length;
  });
  await once(child, 'close');
  return bytes;
};

export const bench: MicroBench = {
  title: 'Child processes',
  workload:
    'CPU time of the parent alone. `spawn`: 2,000 runs of `true` with the environment and three pipes, 8 at once, in ' +
    'microseconds each. `output`: 1 GiB from `head -c` over a pipe (a UNIX socket with node:child_process), in milliseconds.',
  unit: 'us or ms of CPU',
  cases: [
    {
      name: 'spawn',
      reference: 'node:child_process',
      contenders: {
        Ropewalk: (effort) => measureSpawns(runOurs, effort),
        'node:child_process': (effort) => measureSpawns(runNodes, effort),
      },
    },
    {
      name: 'output',
      reference: 'node:child_process',
      contenders: {
        Ropewalk: (effort) => measureOutput(readOurs(false), effort),
        'Ropewalk, lent': (effort) => measureOutput(readOurs(true), effort),
        'node:child_process': (effort) => measureOutput(readNodes, effort),
      },
    },
  ],
  bars: [
    { row: 'spawn', of: 'Ropewalk', to: 'node:child_process', sense: 'at most', limit: 0.7 },
    { row: 'output', of: 'Ropewalk', to: 'node:child_process', sense: 'at most', limit: 1 },
  ],
};

await runAlone(import.meta.url, bench);
