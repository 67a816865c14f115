// What watching a tree costs this process, against Node's own recursive fs.watch.
//
//     npx tsx bench/micro/files/watching.bench.ts [--rounds N] [--quick]

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { watchFiles } from '../../../src/files/index.js';
import { createReactor } from '../../../src/reactor/create-reactor.js';
import type { Effort, Figures, MicroBench } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { expectSame } from '../../harness/micro/timing.js';

const DIRECTORIES = 10_000;
const CHANGES = 10_000;
const PER_FOLDER = 100;
const LAST = 'last';

/** Watches a folder, and calls `seen` with the name of each file that a change is reported of. */
type Watch = (folder: string, seen: (name: string) => void) => Promise<{ close(): void }>;

/** Creates files with a byte in each, evenly over the folders 0 to 99, and then the last one. */
const WRITER = `
  const { closeSync, openSync, writeSync, writeFileSync } = require('node:fs');
  const [folder, count] = process.argv.slice(1);
  for (let n = 0; n < Number(count); n++) {
    const fd = openSync(folder + '/' + (n % 100) + '/f' + n, 'w');
    writeSync(fd, 'x');
    closeSync(fd);
  }
  writeFileSync(folder + '/${LAST}', '');
`;

const ours =
  (kind: 'native' | 'node'): Watch =>
  async (folder, seen) => {
    const reactor = createReactor({ kind });
    const listener = { fileChanged: ({ path }: { path: string }) => seen(basename(path)) };
    const watcher = watchFiles(reactor, folder, { listener });
    await watcher.ready();
    return watcher;
  };

const nodes: Watch = async (folder, seen) =>
  watch(folder, { recursive: true }, (_type, name) => seen(basename(name ?? '')));

async function cpuOf<T>(work: () => Promise<T>): Promise<[T, number]> {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return [result, user + system];
}

async function inFolder(work: (folder: string) => Promise<Figures>): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), 'ropewalk-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const measureChanges =
  (watchFolder: Watch) =>
  (effort: Effort): Promise<Figures> =>
    inFolder(async (folder) => {
      const count = effort.count(CHANGES);
      for (let n = 0; n < 100; n++) await mkdir(join(folder, String(n)));
      const names = new Set<string>();
      let ended = (): void => {};
      const end = new Promise<void>((resolve) => {
        ended = resolve;
      });
      const watcher = await watchFolder(folder, (name) => {
        if (name === LAST) ended();
        else if (name.startsWith('f')) names.add(name);
      });
      const [, cpu] = await cpuOf(async () => {
        const writer = spawn(process.execPath, ['-e', WRITER, folder, String(count)]);
        await Promise.all([once(writer, 'exit'), end]);
      });
      watcher.close();
      expectSame('changed files', names.size, count);
      return { '': cpu / count };
    });

const measureStart =
  (watchFolder: Watch) =>
  (effort: Effort): Promise<Figures> =>
    inFolder(async (folder) => {
      const count = effort.count(DIRECTORIES);
      const outer = Math.ceil(count / PER_FOLDER);
      const script =
        'for a in $(seq $2); do mkdir "$1/$a" && (cd "$1/$a" && mkdir $(seq $3)); done';
      execFileSync('sh', ['-c', script, 'sh', folder, String(outer), String(PER_FOLDER)]);
      const [watcher, cpu] = await cpuOf(() => watchFolder(folder, () => {}));
      watcher.close();
      return { '': cpu / (outer * (PER_FOLDER + 1)) };
    });

const CONTENDERS: Readonly<Record<string, Watch>> = {
  Ropewalk: ours('native'),
  'Ropewalk, pure JS': ours('node'),
  'fs.watch': nodes,
};

function each(measure: (watchFolder: Watch) => (effort: Effort) => Promise<Figures>) {
  return Object.fromEntries(
    Object.entries(CONTENDERS).map(([name, watchFolder]) => [name, measure(watchFolder)]),
  );
}

export const bench: MicroBench = {
  title: 'Watching files',
  workload:
    'CPU time of the watching process. `change`: another process creates 10,000 files with a byte each in 100 watched directories, per ' +
    'file. `start`: 10,000 directories are watched, per directory; `fs.watch` with `recursive`, whose call returns when that is done.',
  unit: 'us of CPU',
  cases: [
    { name: 'change', reference: 'fs.watch', contenders: each(measureChanges) },
    { name: 'start', reference: 'fs.watch', contenders: each(measureStart) },
  ],
  bars: [{ row: 'change', of: 'Ropewalk', to: 'fs.watch', sense: 'at most', limit: 1 }],
};

await runAlone(import.meta.url, bench);
