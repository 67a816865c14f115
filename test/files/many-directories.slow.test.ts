/** 10,000 directories. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { contract } from '../support/contract.js';
import { PATIENCE } from '../support/deadline.js';
import { needs } from '../support/platform.js';
import { ONE_POLLER } from '../support/reactors.js';
import { temporaryFolder } from '../support/unix.js';
import { RecordedWatch } from './recorded-watch.js';

contract(
  'many directories',
  (rig) => {
    it(
      'watches 10,000 directories, whether they exist before or not',
      async () => {
        needs('descriptors');
        const folder = temporaryFolder(rig);
        const at = (name: string): string => join(folder, name);
        const script =
          'for a in $(seq $2 $3); do mkdir "$1/$a" && (cd "$1/$a" && mkdir $(seq 100)); done';
        const make = (first: number, last: number): void => {
          execFileSync('sh', ['-c', script, 'sh', folder, String(first), String(last)]);
        };
        make(1, 50);
        const watch = new RecordedWatch(rig, folder);
        await watch.watcher.ready();
        expect(watch.watcher.directories).toBe(5051);
        make(51, 100);
        await watch.settled();
        expect(watch.watcher.directories).toBe(10_101);
        expect(new Set(watch.only('created')).size).toBe(5050);
        mkdirSync(at('other'));
        for (let n = 1; n <= 50; n++) renameSync(at(String(n)), at(`other/${n}`));
        await watch.settled();
        for (let n = 1; n <= 100; n++) writeFileSync(at(`other/1/${n}/f`), '');
        await watch.shows(...Array.from({ length: 100 }, (_, at) => `created other/1/${at + 1}/f`));
        expect(watch.watcher.directories).toBe(10_102);
        for (const name of readdirSync(folder)) {
          if (!name.startsWith('mark')) rmSync(at(name), { recursive: true });
        }
        await watch.settled();
        expect(watch.watcher.directories).toBe(1);
        expect(watch.only('overflow')).toEqual([]);
        watch.watcher.close();
      },
      60_000 * PATIENCE,
    );
  },
  ONE_POLLER,
);
