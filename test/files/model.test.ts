/**
 * Random changes: a model that is kept by events only equals the tree in the end. WATCH_RUNS sets the number of programs,
 * ROPEWALK_MODEL_SEED repeats a seed.
 */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect, it } from 'vitest';
import type { WatchFilesOptions } from '../../src/files/index.js';
import { contract } from '../support/contract.js';
import { ONE_POLLER } from '../support/reactors.js';
import { temporaryFolder } from '../support/unix.js';
import { RecordedWatch } from './recorded-watch.js';
import { apply, RandomChanges, randomFrom, readTree, type Tree } from './tree-model.js';

const RUNS = Number(process.env.WATCH_RUNS ?? 15);
const SEED = Number(process.env.ROPEWALK_MODEL_SEED ?? Date.now() % 1_000_000);
const CHANGES = 60;

contract(
  'random changes of a tree',
  (rig) => {
    const check = async (seed: number, options: WatchFilesOptions): Promise<void> => {
      const random = randomFrom(seed);
      const [folder, outside] = [temporaryFolder(rig), temporaryFolder(rig)];
      const changes = new RandomChanges(folder, outside, random);
      for (let n = 0; n < 20; n++) changes.change();
      const watch = await RecordedWatch.open(rig, folder, options);
      const tree: Tree = readTree(folder);
      watch.onEvent = (event) => apply(tree, event);
      const done: string[] = [];
      for (let n = 0; n < CHANGES; n++) {
        done.push(changes.change());
        if (random(4) === 0) await rig.turns(1 + random(3));
      }
      await watch.settled();
      const real = readTree(folder);
      for (const name of [...real.keys()]) if (watch.isMark(name)) real.delete(name);
      const directories = [...real].filter(([, text]) => text === undefined).length + 1;
      const current = (): unknown => ({
        tree: [...tree].filter(([name]) => !watch.isMark(name)).sort(),
        directories: watch.watcher.directories,
      });
      const expected = { tree: [...real].sort(), directories };
      // Postponed directories are entered when all records have been handled, marks included.
      for (let turn = 0; turn < 200 && !isDeepStrictEqual(current(), expected); turn++) {
        await rig.turns(1);
      }
      const about = `seed ${seed}\n${done.join('\n')}\n\n${watch.lines.join('\n')}`;
      expect(current(), about).toEqual(expected);
      watch.watcher.close();
    };

    it(`is followed by events (${RUNS} programs, seed ${SEED})`, async () => {
      for (let run = 0; run < RUNS; run++) await check(SEED + run, {});
    }, 120_000);

    it(`is followed with rules that depend on paths (seed ${SEED})`, async () => {
      const never = join('/', 'nonexistent');
      const options = { ignore: (path: string) => path === never };
      for (let run = 0; run < RUNS / 5; run++) await check(SEED + run, options);
    }, 120_000);
  },
  ONE_POLLER,
);
