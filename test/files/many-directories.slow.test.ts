/** 10,000 directories; 2,000 with fs.watch, which is slower. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
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
      'watches them, whether they exist before or not',
      async () => {
        needs('descriptors');
        const inner = rig.native ? 100 : 20;
        const all = 100 * (inner + 1) + 1;
        const folder = temporaryFolder(rig);
        const at = (name: string): string => join(folder, name);
        const script =
          'for a in $(seq $2 $3); do mkdir "$1/$a" && (cd "$1/$a" && mkdir $(seq $4)); done';
        const make = (first: number, last: number): void => {
          execFileSync('sh', [
            '-c',
            script,
            'sh',
            folder,
            String(first),
            String(last),
            String(inner),
          ]);
        };
        make(1, 50);
        const watch = new RecordedWatch(rig, folder);
        await watch.watcher.ready();
        expect(watch.watcher.directories).toBe((all + 1) / 2);
        make(51, 100);
        await watch.settled();
        expect(watch.watcher.directories).toBe(all);
        expect(new Set(watch.only('created')).size).toBe((all - 1) / 2);
        mkdirSync(at('other'));
        for (let n = 1; n <= 50; n++) renameSync(at(String(n)), at(`other/${n}`));
        await watch.settled();
        // Directories that were moved before their new parent was watched are entered last.
        while (watch.watcher.directories < all + 1) await rig.turns(1);
        for (let n = 1; n <= inner; n++) writeFileSync(at(`other/1/${n}/f`), '');
        await watch.shows(
          ...Array.from({ length: inner }, (_, at) => `created other/1/${at + 1}/f`),
        );
        expect(watch.watcher.directories).toBe(all + 1);
        const names = readdirSync(folder).filter((name) => !name.startsWith('mark'));
        await promisify(execFile)('rm', ['-r', ...names.map(at)]);
        await watch.shows('removed other/');
        await watch.settled();
        while (watch.watcher.directories > 1) await rig.turns(1);
        expect(watch.only('overflow')).toEqual([]);
        watch.watcher.close();
      },
      60_000 * PATIENCE,
    );
  },
  ONE_POLLER,
);
