/** File watching by inotify(7). */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { WatchLimitError, watchFiles } from '../../src/files/index.js';
import { ProgramWorker, runProgram } from '../support/child.js';
import { contract } from '../support/contract.js';
import { within } from '../support/deadline.js';
import { ONE_POLLER } from '../support/reactors.js';
import { temporaryFolder } from '../support/unix.js';
import { RecordedWatch } from './recorded-watch.js';

const WORKER = new URL('./programs/watch-worker.ts', import.meta.url);
const RESTRICTED = new URL('./programs/restricted-watch.ts', import.meta.url);
const INOTIFY = ONE_POLLER.filter(({ native }) => native && process.platform === 'linux');
/** Namespaces of users, in which limits can be set. */
const UNSHARES = spawnSync('unshare', ['-rm', 'true']).status === 0;

function openInstances(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes('inotify');
    } catch {
      return false;
    }
  }).length;
}

contract(
  'inotify',
  (rig) => {
    const inFolder = (options = {}): Promise<RecordedWatch> =>
      RecordedWatch.open(rig, temporaryFolder(rig), options);

    it('reports the end of writing', async () => {
      const watch = await inFolder();
      const fd = openSync(join(watch.folder, 'a'), 'w');
      await watch.shows('created a');
      expect(watch.only('closed')).toEqual([]);
      closeSync(fd);
      await watch.shows('closed a');
    });

    it('reports a move as one event, and follows moved directories', async () => {
      const watch = await inFolder();
      const at = (name: string): string => join(watch.folder, name);
      mkdirSync(at('a/b/c'), { recursive: true });
      mkdirSync(at('d'));
      await watch.settled();
      watch.clear();
      renameSync(at('a/b'), at('d/e'));
      writeFileSync(at('d/e/c/f'), '');
      renameSync(at('d/e/c/f'), at('f'));
      renameSync(at('d'), at('g'));
      appendFileSync(at('g/e/c/h'), 'x');
      await watch.settled();
      expect(watch.lines.filter((line) => !/^(modified|closed)/.test(line))).toEqual([
        'moved a/b -> d/e/',
        'created d/e/c/f',
        'moved d/e/c/f -> f',
        'moved d -> g/',
        'created g/e/c/h',
      ]);
      expect(watch.watcher.directories).toBe(5);
    });

    it('lists directories that are moved before they are watched', async () => {
      const watch = await inFolder();
      const at = (name: string): string => join(watch.folder, name);
      mkdirSync(at('a/b'), { recursive: true });
      writeFileSync(at('a/b/f'), '');
      renameSync(at('a'), at('c'));
      writeFileSync(at('c/g'), '');
      await watch.settled();
      expect(watch.lines).toContain('moved a -> c/');
      expect(watch.only('created').sort()).toEqual([
        ...['created a/', 'created c/b/', 'created c/b/f', 'created c/g'],
      ]);
    });

    it('reports a file that leaves, and another one that takes its name, in order', async () => {
      const watch = await inFolder();
      const elsewhere = temporaryFolder(rig);
      writeFileSync(join(watch.folder, 'a'), '');
      renameSync(join(watch.folder, 'a'), join(elsewhere, 'a'));
      writeFileSync(join(watch.folder, 'a'), '');
      await watch.settled();
      expect(watch.lines.filter((line) => !line.startsWith('closed'))).toEqual([
        ...['created a', 'removed a', 'created a'],
      ]);
    });

    it('keeps the order in a storm of moves', async () => {
      const watch = await inFolder();
      const at = (name: string): string => join(watch.folder, name);
      mkdirSync(at('d0/e'), { recursive: true });
      await watch.settled();
      for (let n = 0; n < 1000; n++) renameSync(at(`d${n}`), at(`d${n + 1}`));
      writeFileSync(at('d1000/e/f'), '');
      await watch.settled();
      expect(watch.only('moved')).toHaveLength(1000);
      expect(watch.lines).toContain('created d1000/e/f');
      expect(watch.watcher.directories).toBe(3);
    });

    it('reports exchanged files and directories', async (test) => {
      const exchange = (a: string, b: string): void => {
        const call = 'import ctypes,sys,os;a,b=map(os.fsencode,sys.argv[1:]);';
        const rename = 'sys.exit(ctypes.CDLL(None).renameat2(-100,a,-100,b,2)!=0)';
        const { status } = spawnSync('python3', ['-c', call + rename, a, b]);
        test.skip(status !== 0, 'python3 and renameat2(2) are needed');
      };
      const watch = await inFolder();
      const at = (name: string): string => join(watch.folder, name);
      mkdirSync(at('a/x'), { recursive: true });
      mkdirSync(at('b/y'), { recursive: true });
      writeFileSync(at('f'), 'text');
      await watch.settled();
      watch.clear();
      exchange(at('a'), at('b'));
      await watch.settled();
      expect(watch.lines).toEqual([
        ...['removed a/', 'removed b/', 'created b/', 'created b/x/', 'created a/', 'created a/y/'],
      ]);
      watch.clear();
      exchange(at('a'), at('f'));
      writeFileSync(at('f/y/z'), '');
      await watch.settled();
      expect(watch.lines.slice(0, 4)).toEqual([
        ...['removed a/', 'removed f', 'created f/', 'created f/y/'],
      ]);
      expect(watch.lines).toContain('created f/y/z');
      expect(watch.watcher.directories).toBe(5);
    });

    it('reports moves between its paths, and into and out of ignored directories', async () => {
      const folder = temporaryFolder(rig);
      const at = (name: string): string => join(folder, name);
      for (const name of ['a/d', 'b', 'a/skip']) mkdirSync(at(name), { recursive: true });
      const options = { ignore: 'skip' };
      const watch = new RecordedWatch(rig, folder, options, [at('a'), at('b')]);
      await within(watch.watcher.ready(), 'the watcher to be ready');
      expect(watch.watcher.directories).toBe(3);
      renameSync(at('a/d'), at('b/d'));
      writeFileSync(at('b/d/f'), '');
      await watch.shows('moved a/d -> b/d/', 'created b/d/f');
      mkdirSync(at('a/skip/e'));
      renameSync(at('a/skip/e'), at('b/e'));
      await watch.shows('created b/e/');
      renameSync(at('b/d'), at('b/skip'));
      await watch.shows('removed b/d/');
      expect(watch.lines.join()).not.toContain('skip');
      expect(watch.watcher.directories).toBe(3);
    });

    it('lists a moved directory again if rules depend on its path', async () => {
      const watch = await inFolder({ maxDepth: 2, ignore: 'x/*.log' });
      const at = (name: string): string => join(watch.folder, name);
      mkdirSync(at('a/b/c/d'), { recursive: true });
      mkdirSync(at('x'));
      await watch.settled();
      expect(watch.watcher.directories).toBe(4);
      renameSync(at('a/b'), at('b'));
      await watch.shows('moved a/b -> b/', 'overflow b/');
      expect(watch.watcher.directories).toBe(5);
      writeFileSync(at('b/c/f'), '');
      await watch.shows('created b/c/f');
      renameSync(at('b'), at('a/b'));
      await watch.shows('moved b -> a/b/', 'overflow a/b/');
      expect(watch.watcher.directories).toBe(4);
    });

    it('ends when the watched directory is moved', async () => {
      const folder = join(temporaryFolder(rig), 'd');
      mkdirSync(folder);
      const watch = await RecordedWatch.open(rig, folder);
      renameSync(folder, `${folder}2`);
      expect(await watch.ended()).toMatchObject({ why: 'moved', path: folder });
    });

    it('watches what is within another path once', async () => {
      const folder = temporaryFolder(rig);
      mkdirSync(join(folder, 'a/b'), { recursive: true });
      const watch = new RecordedWatch(rig, folder, {}, [folder, join(folder, 'a')]);
      await within(watch.watcher.ready(), 'the watcher to be ready');
      expect(watch.watcher.directories).toBe(3);
      writeFileSync(join(folder, 'a/b/f'), '');
      await watch.settled();
      expect(watch.only('created')).toEqual(['created a/b/f']);
      rmSync(join(folder, 'a'), { recursive: true });
      await watch.shows('lost a/', 'removed a/');
      expect(watch.reason).toBeUndefined();
      execFileSync('ln', ['-s', folder, join(folder, 'link')]);
      expect(() => watchFiles(rig.reactor, [folder, join(folder, 'link')])).toThrow(
        /different directories/,
      );
    });

    it('tells names that are not UTF-8 by their bytes', async () => {
      const folder = temporaryFolder(rig);
      const inside = (...parts: Buffer[]): Buffer =>
        Buffer.concat([Buffer.from(folder), ...parts.flatMap((part) => [Buffer.from('/'), part])]);
      const odd = Buffer.from('a\xff\n\x01-\xc3', 'latin1');
      const odder = Buffer.concat([odd, odd]);
      mkdirSync(inside(odd));
      const watch = await RecordedWatch.open(rig, folder);
      const long = Buffer.from('ü'.repeat(127));
      for (const name of [odd, long, Buffer.from('..x'), Buffer.from('-rf *')]) {
        writeFileSync(inside(odd, name), '');
      }
      renameSync(inside(odd), inside(Buffer.from([0xfe])));
      mkdirSync(inside(Buffer.from([0xfe]), odder));
      writeFileSync(inside(Buffer.from([0xfe]), odder, odd), '');
      await watch.settled();
      const created = watch.events.filter(({ kind }) => kind === 'created');
      expect(created.map(({ pathBytes }) => pathBytes)).toEqual([
        ...[odd, long, Buffer.from('..x'), Buffer.from('-rf *')].map((name) => inside(odd, name)),
        inside(Buffer.from([0xfe]), odder),
        inside(Buffer.from([0xfe]), odder, odd),
      ]);
      expect(created[0]?.path).toBe(`${folder}/a\ufffd\n\x01-\ufffd/a\ufffd\n\x01-\ufffd`);
      const moved = watch.events.find(({ kind }) => kind === 'moved');
      expect(moved?.fromBytes).toEqual(inside(odd));
      expect(moved?.pathBytes).toEqual(inside(Buffer.from([0xfe])));
      const bytes = new RecordedWatch(rig, folder, {}, inside(Buffer.from([0xfe]), odder));
      rmSync(inside(Buffer.from([0xfe]), odder), { recursive: true });
      expect(await bytes.ended()).toMatchObject({ why: 'removed' });
    });

    it('watches deep trees, as far as paths can be', async () => {
      const watch = await inFolder();
      const name = 'd'.repeat(200);
      // Longer than PATH_MAX: the system refuses longer paths, so each level is made from the one above.
      execFileSync(
        'sh',
        [...['-c', 'for n in $(seq 25); do mkdir "$1" && cd -P "./$1" || exit; done', 'sh', name]],
        { cwd: watch.folder },
      );
      await watch.until(() => watch.only('unwatched').length > 0, 'the end of a long path');
      await watch.settled();
      expect(watch.events.find(({ kind }) => kind === 'unwatched')?.error).toMatchObject({
        ...{ code: 'ERR_FILE_WATCH', cause: { code: 'ENAMETOOLONG' } },
      });
      expect(watch.watcher.directories).toBeGreaterThan(18);
      execFileSync('rm', ['-r', join(watch.folder, name)]);
      await watch.shows(`removed ${name}/`);
      await watch.settled();
      expect(watch.watcher.directories).toBe(1);
    });

    it('tells an overflow, and finds all directories again', async () => {
      const folder = temporaryFolder(rig);
      const at = (name: string): string => join(folder, name);
      for (const name of ['gone/x', 'moved/y', 'here']) mkdirSync(at(name), { recursive: true });
      for (const name of ['f', 'g']) writeFileSync(at(name), '');
      const watch = await RecordedWatch.open(rig, folder);
      watch.watcher.pauseProducing();
      for (let n = 0; n < 8_300; n++) {
        for (const name of ['f', 'g']) chmodSync(at(name), n % 2 === 0 ? 0o600 : 0o644);
      }
      rmSync(at('gone'), { recursive: true });
      renameSync(at('moved'), at('here/moved'));
      mkdirSync(at('new/z'), { recursive: true });
      watch.watcher.resumeProducing();
      await watch.shows('overflow ./');
      expect(watch.only('overflow')).toHaveLength(1);
      expect(watch.watcher.directories).toBe(6);
      for (const name of ['here/moved/y/f', 'new/z/f']) writeFileSync(at(name), '');
      await watch.shows('created here/moved/y/f', 'created new/z/f');
      expect(watch.reason).toBeUndefined();
    });

    it('tells that its directory was replaced during an overflow', async () => {
      const folder = join(temporaryFolder(rig), 'd');
      mkdirSync(folder);
      const watch = await RecordedWatch.open(rig, folder);
      watch.watcher.pauseProducing();
      for (const name of ['f', 'g']) writeFileSync(join(folder, name), '');
      for (let n = 0; n < 8_300; n++) {
        for (const name of ['f', 'g']) chmodSync(join(folder, name), n % 2 === 0 ? 0o600 : 0o644);
      }
      renameSync(folder, `${folder}2`);
      mkdirSync(folder);
      watch.watcher.resumeProducing();
      expect(await watch.ended()).toMatchObject({ why: 'moved' });
    });

    it('ends when there are too many directories', async () => {
      const folder = temporaryFolder(rig);
      mkdirSync(join(folder, 'a'));
      const watch = await RecordedWatch.open(rig, folder, { maxDirectories: 3 });
      mkdirSync(join(folder, 'b'));
      mkdirSync(join(folder, 'c'));
      expect(await watch.ended()).toMatchObject({
        ...{ code: 'ERR_WATCH_LIMIT', option: 'maxDirectories' },
      });
      const late = watchFiles(rig.reactor, folder, { maxDirectories: 3 });
      await expect(late.ready()).rejects.toBeInstanceOf(WatchLimitError);
    });

    it('names the limits of the system', async (test) => {
      test.skip(!UNSHARES, 'user namespaces are not permitted');
      const folder = temporaryFolder(rig);
      for (const name of ['a', 'b', 'c']) mkdirSync(join(folder, name));
      const before = 'unshare -rm true';
      const run = async (...args: string[]): Promise<string> => {
        const inNamespace = { before: `${before} && exec unshare -rm "$@"` };
        return (await runProgram(RESTRICTED, args, inNamespace)).stdout;
      };
      expect(await run('limit', 'max_inotify_instances', '0', folder)).toBe(
        'threw fs.inotify.max_user_instances\n',
      );
      expect(await run('limit', 'max_inotify_watches', '0', folder)).toBe(
        'threw fs.inotify.max_user_watches\n',
      );
      expect(await run('limit', 'max_inotify_watches', '2', folder)).toBe(
        'ended fs.inotify.max_user_watches\nthrew fs.inotify.max_user_watches\n',
      );
      expect(await run('limit', 'max_inotify_watches', '4', folder)).toMatch(
        /^4 directories\ncreated .*one-more\nended fs.inotify.max_user_watches\n$/,
      );
    });

    it('tells directories that it may not read', async () => {
      const folder = temporaryFolder(rig);
      for (const name of ['closed', 'open']) mkdirSync(join(folder, name));
      for (const [name, mode] of [
        ['open', 0o777],
        ['closed', 0],
        ['.', 0o755],
      ] as const) {
        chmodSync(join(folder, name), mode);
      }
      try {
        const { stdout, stderr } = await runProgram(RESTRICTED, ['permissions', folder]);
        expect(stderr).toBe('');
        expect(stdout.split('\n')).toEqual([
          `unwatched ${folder}/closed ERR_FILE_WATCH EACCES`,
          '2 directories',
          `created ${folder}/open/f`,
          `closed ${folder}/open/f`,
          'ended the watcher was closed',
          '',
        ]);
      } finally {
        chmodSync(join(folder, 'closed'), 0o700);
      }
    });

    it('tells unmounted file systems', async (test) => {
      test.skip(!UNSHARES, 'user namespaces are not permitted');
      const folder = temporaryFolder(rig);
      const before = 'unshare -rm true && exec unshare -rm "$@"';
      const { stdout, stderr } = await runProgram(RESTRICTED, ['unmount', folder], { before });
      expect(stderr).toBe('');
      const lines = stdout.trim().split('\n');
      // Each directory of the file system is unmounted, in any order.
      const ofBelow = lines.filter((line) => line.startsWith('overflow'));
      expect(ofBelow).toContain(`overflow ${folder}/below`);
      expect(lines.filter((line) => !ofBelow.includes(line))).toEqual([
        '3 directories',
        '3 directories',
        `created ${folder}/below/hidden/f`,
        `closed ${folder}/below/hidden/f`,
        `lost ${folder} ERR_WATCH_LOST`,
        `ended ${JSON.stringify(folder)} is no longer watched: its file system was unmounted`,
      ]);
    });

    it('leaves nothing to children, and nothing of a terminated worker', async () => {
      const folder = temporaryFolder(rig);
      const watch = await RecordedWatch.open(rig, folder);
      const listed = execFileSync('ls', ['-l', '/proc/self/fd']).toString();
      expect(listed).not.toContain('inotify');
      expect(openInstances()).toBe(1);
      const data = { reactor: rig.maker.name, folder };
      const worker = rig.use(new ProgramWorker(WORKER, data));
      await worker.message();
      expect(openInstances()).toBe(2);
      await worker.worker.terminate();
      expect(openInstances()).toBe(1);
      watch.watcher.close();
      expect(openInstances()).toBe(0);
      expect(statSync(folder).isDirectory()).toBe(true);
    });
  },
  INOTIFY,
);
