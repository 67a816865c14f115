/** File watching, as both reactors do it. */
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type FileEvent, FileWatchError, watchFiles } from '../../src/files/index.js';
import { contract } from '../support/contract.js';
import { within } from '../support/deadline.js';
import { temporaryFolder } from '../support/unix.js';
import { RecordedWatch } from './recorded-watch.js';

contract('file watching', (rig) => {
  const inFolder = (options = {}): Promise<RecordedWatch> =>
    RecordedWatch.open(rig, temporaryFolder(rig), options);

  it('reports files that are created, changed and removed', async () => {
    const watch = await inFolder();
    const file = join(watch.folder, 'a');
    writeFileSync(file, 'one');
    await watch.shows('created a');
    appendFileSync(file, 'two');
    await watch.shows('modified a');
    chmodSync(file, 0o400);
    await watch.shows('attributes a');
    rmSync(file);
    await watch.shows('removed a');
    expect(watch.reason).toBeUndefined();
  });

  it('reports nothing that existed before', async () => {
    const folder = temporaryFolder(rig);
    mkdirSync(join(folder, 'd/e'), { recursive: true });
    writeFileSync(join(folder, 'd/e/f'), '');
    const watch = await RecordedWatch.open(rig, folder);
    expect(watch.watcher.directories).toBe(3);
    await watch.settled();
    expect(watch.lines).toEqual([]);
    appendFileSync(join(folder, 'd/e/f'), 'x');
    await watch.shows('modified d/e/f');
  });

  it('reports what is created in new directories at once', async () => {
    const watch = await inFolder();
    mkdirSync(join(watch.folder, 'a/b/c'), { recursive: true });
    for (const at of ['a', 'a/b', 'a/b/c']) writeFileSync(join(watch.folder, at, 'x'), at);
    await watch.settled();
    expect(watch.only('created').sort()).toEqual([
      ...['created a/', 'created a/b/', 'created a/b/c/'],
      ...['created a/b/c/x', 'created a/b/x', 'created a/x'],
    ]);
    expect(watch.watcher.directories).toBe(4);
    mkdirSync(join(watch.folder, 'a/b/c/d'));
    await watch.shows('created a/b/c/d/');
  });

  it('reports what is created while directories are created', async () => {
    const watch = await inFolder();
    let at = watch.folder;
    for (let depth = 0; depth < 30; depth++) {
      at = join(at, 'd');
      mkdirSync(at);
      for (let n = 0; n < 5; n++) writeFileSync(join(at, `f${n}`), '');
      await rig.turns(1);
    }
    await watch.settled();
    const created = watch.only('created');
    expect(new Set(created).size).toBe(180);
    expect(created).toHaveLength(180);
  });

  it('reports one removal for a directory that is moved away', async () => {
    const watch = await inFolder();
    mkdirSync(join(watch.folder, 'd/e'), { recursive: true });
    writeFileSync(join(watch.folder, 'd/e/f'), '');
    await watch.settled();
    watch.clear();
    const elsewhere = temporaryFolder(rig);
    renameSync(join(watch.folder, 'd'), join(elsewhere, 'd'));
    await watch.shows('removed d/');
    writeFileSync(join(elsewhere, 'd/e/g'), '');
    await watch.settled();
    expect(watch.lines).toEqual(['removed d/']);
    expect(watch.watcher.directories).toBe(1);
    renameSync(join(elsewhere, 'd'), join(watch.folder, 'k'));
    await watch.settled();
    expect(watch.only('created').sort()).toEqual([
      ...['created k/', 'created k/e/', 'created k/e/f', 'created k/e/g'],
    ]);
    appendFileSync(join(watch.folder, 'k/e/g'), 'x');
    await watch.shows('modified k/e/g');
  });

  it('reports removed trees, and directories created in their place', async () => {
    const watch = await inFolder();
    const at = (name: string): string => join(watch.folder, name);
    mkdirSync(at('d/e'), { recursive: true });
    await watch.shows('created d/e/');
    rmSync(at('d'), { recursive: true });
    mkdirSync(at('d/e'), { recursive: true });
    writeFileSync(at('d/e/f'), '');
    await watch.shows('created d/e/f');
    appendFileSync(at('d/e/f'), 'x');
    await watch.shows('modified d/e/f');
    expect(watch.watcher.directories).toBe(3);
  });

  it('does not follow links, except a path that is one', async () => {
    const target = temporaryFolder(rig);
    const folder = temporaryFolder(rig);
    symlinkSync(target, join(folder, 'link'));
    const watch = await RecordedWatch.open(rig, folder);
    const linked = await RecordedWatch.open(rig, join(folder, 'link'));
    expect(watch.watcher.directories).toBe(1);
    symlinkSync('.', join(folder, 'loop'));
    writeFileSync(join(target, 'f'), '');
    await linked.shows('created f');
    await watch.settled();
    expect(watch.lines).toContain('created loop');
    expect(watch.lines.join()).not.toContain('/');
  });

  it('ignores by name, by path and by function', async () => {
    const ignore = [
      'node_modules',
      '*.tmp',
      'a/**/x?',
      (path: string, isDirectory: boolean) => isDirectory && path.endsWith('skip'),
    ];
    const watch = await inFolder({ ignore });
    for (const name of ['node_modules', 'a/node_modules', 'a/b', 'skip']) {
      mkdirSync(join(watch.folder, name), { recursive: true });
    }
    for (const name of ['f', 'f.tmp', 'node_modules/f', 'a/x1', 'a/b/x2', 'a/b/x', 'skip/f']) {
      writeFileSync(join(watch.folder, name), '');
    }
    await watch.settled();
    expect(watch.only('created').sort()).toEqual([
      ...['created a/', 'created a/b/', 'created a/b/x', 'created f'],
    ]);
    expect(watch.watcher.directories).toBe(3);
    rmSync(join(watch.folder, 'skip'), { recursive: true });
    rmSync(join(watch.folder, 'f.tmp'));
    await watch.settled();
    expect(watch.only('removed')).toEqual([]);
  });

  it('watches as many levels as it is told', async () => {
    const watch = await inFolder({ maxDepth: 1 });
    mkdirSync(join(watch.folder, 'a/b/c'), { recursive: true });
    await watch.settled();
    expect(watch.lines).toEqual(['created a/', 'created a/b/']);
    expect(watch.watcher.directories).toBe(2);
  });

  it('reports a file that is replaced by moving another one over it', async () => {
    const folder = temporaryFolder(rig);
    const file = join(folder, 'settings');
    writeFileSync(file, 'one');
    const watch = new RecordedWatch(rig, folder, {}, file);
    for (const text of ['two', 'three']) {
      watch.clear();
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
      await watch.shows('created settings');
    }
    appendFileSync(file, 'four');
    await watch.shows('modified settings');
    rmSync(file);
    await watch.shows('removed settings');
    writeFileSync(file, '');
    await watch.until(() => watch.lines.at(-1) !== 'removed settings', 'the new file');
    expect(new Set(watch.events.map(({ path }) => path))).toEqual(new Set([file]));
    expect(watch.watcher.directories).toBe(1);
  });

  it('watches several paths, each directory once', async () => {
    const folder = temporaryFolder(rig);
    const at = (name: string): string => join(folder, name);
    for (const name of ['d/e', 'x']) mkdirSync(at(name), { recursive: true });
    const paths = [at('d'), at('x/f'), at('x/g'), Buffer.from(at('d/h'))];
    const watch = new RecordedWatch(rig, folder, {}, paths);
    await within(watch.watcher.ready(), 'the watcher to be ready');
    expect(watch.watcher.directories).toBe(3);
    for (const name of ['d/e/f', 'x/f', 'x/other', 'x/g', 'd/h']) writeFileSync(at(name), '');
    await watch.shows('created d/e/f', 'created x/f', 'created x/g', 'created d/h');
    expect(watch.lines.join()).not.toContain('other');
    rmSync(at('x'), { recursive: true });
    await watch.shows('lost x/f', 'lost x/g');
    expect(watch.reason).toBeUndefined();
    writeFileSync(at('d/last'), '');
    await watch.shows('created d/last');
  });

  it('ends when the watched directory is removed', async () => {
    const folder = join(temporaryFolder(rig), 'd');
    mkdirSync(join(folder, 'e'), { recursive: true });
    const watch = await RecordedWatch.open(rig, folder);
    rmSync(folder, { recursive: true });
    expect(await watch.ended()).toMatchObject({
      ...{ code: 'ERR_WATCH_LOST', path: folder, why: 'removed' },
    });
    expect(watch.lines.at(-1)).toBe('lost ./');
    expect(watch.events.at(-1)?.error).toBe(watch.reason);
    expect(watch.watcher.endReason).toBe(watch.reason);
    expect(watch.watcher.directories).toBe(0);
  });

  it('ends with the reactor, whether it runs or not', async () => {
    const watch = await inFolder();
    const run = rig.reactor.run({ installSignalHandlers: false });
    rig.reactor.callWhenRunning(() => rig.reactor.stop());
    await within(run, 'the reactor to stop');
    expect(watch.reason).toMatchObject({ why: 'stopped', path: watch.folder });
    const other = await inFolder();
    other.watcher.pauseProducing();
    await within(rig.reactor[Symbol.asyncDispose](), 'disposal');
    expect(other.reason).toMatchObject({ why: 'stopped' });
    expect(() => watchFiles(rig.reactor, watch.folder)).toThrow(/disposed/);
  });

  it('closes once, and reports nothing afterwards', async () => {
    const watch = await inFolder();
    writeFileSync(join(watch.folder, 'a'), '');
    watch.onEvent = () => watch.watcher.close();
    expect(await watch.ended()).toMatchObject({ code: 'ERR_WATCH_DONE' });
    writeFileSync(join(watch.folder, 'b'), '');
    await rig.turns(3);
    expect(watch.events).toHaveLength(1);
    watch.watcher.close();
    watch.watcher.pauseProducing();
    watch.watcher.resumeProducing();
    await expect(watch.watcher.ready()).rejects.toMatchObject({ code: 'ERR_WATCH_DONE' });
  });

  it.skipIf(process.platform !== 'linux')('leaves no descriptor open', async () => {
    const folder = temporaryFolder(rig);
    mkdirSync(join(folder, 'd'));
    // libuv opens one for all watchers, and keeps it.
    (await RecordedWatch.open(rig, folder)).watcher.close();
    await rig.turns(2);
    const count = (): number => readdirSync('/proc/self/fd').length;
    const before = count();
    for (let n = 0; n < 20; n++) (await RecordedWatch.open(rig, folder)).watcher.close();
    await rig.turns(2);
    expect(count()).toBe(before);
    expect(() => watchFiles(rig.reactor, join(folder, 'x/y'))).toThrow(FileWatchError);
    expect(() => watchFiles(rig.reactor, [folder, join(folder, 'x/y')])).toThrow(FileWatchError);
    expect(count()).toBe(before);
  });

  it('ends if the listener throws, and reports the error', async () => {
    const watch = await inFolder();
    watch.onEvent = () => {
      throw new Error('in the listener');
    };
    writeFileSync(join(watch.folder, 'a'), '');
    expect(await watch.ended()).toMatchObject({ message: 'in the listener' });
    expect(rig.takeReports()).toMatchObject([{ where: 'fileChanged' }]);
  });

  it('ends if a promise of the listener rejects, or a rule throws', async () => {
    const folder = temporaryFolder(rig);
    const reasons: Error[] = [];
    const listener = {
      fileChanged: () => Promise.reject(new Error('rejected')) as unknown as undefined,
      watchLost: (reason: Error) => void reasons.push(reason),
    };
    watchFiles(rig.reactor, folder, { listener });
    const ignore = (): boolean => {
      throw new Error('in the rule');
    };
    const watch = new RecordedWatch(rig, folder, { ignore });
    writeFileSync(join(folder, 'a'), '');
    expect(await watch.ended()).toMatchObject({ message: 'in the rule' });
    await rig.turns(5);
    expect(reasons).toMatchObject([{ message: 'rejected' }]);
    expect(rig.takeReports()[0]).toMatchObject({ error: { message: 'rejected' } });
  });

  it('is iterated, and closed by leaving the loop', async () => {
    const folder = temporaryFolder(rig);
    const watcher = watchFiles(rig.reactor, folder);
    writeFileSync(join(folder, 'a'), '');
    const seen: FileEvent[] = [];
    const iterate = async (): Promise<void> => {
      for await (const event of watcher) {
        seen.push(event);
        if (event.path.endsWith('b')) break;
        writeFileSync(join(folder, 'b'), '');
      }
    };
    await within(iterate(), 'event b');
    expect(seen[0]).toMatchObject({ kind: 'created', path: join(folder, 'a'), isDirectory: false });
    expect(watcher.endReason).toMatchObject({ code: 'ERR_WATCH_DONE' });
  });

  it('ends the iteration when it is aborted, and rejects it when the directory is lost', async () => {
    const folder = join(temporaryFolder(rig), 'd');
    mkdirSync(folder);
    const controller = new AbortController();
    const aborted = watchFiles(rig.reactor, folder, { signal: controller.signal });
    const lost = watchFiles(rig.reactor, folder);
    const next = aborted[Symbol.asyncIterator]().next();
    controller.abort();
    expect(await within(next, 'the end')).toEqual({ done: true, value: undefined });
    rmSync(folder, { recursive: true });
    const iterator = lost[Symbol.asyncIterator]();
    expect(await within(iterator.next(), 'an event')).toMatchObject({ value: { kind: 'lost' } });
    await expect(iterator.next()).rejects.toMatchObject({ code: 'ERR_WATCH_LOST' });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    const late = watchFiles(rig.reactor, temporaryFolder(rig), { signal: AbortSignal.abort() });
    expect(late.endReason).toMatchObject({ code: 'ERR_WATCH_DONE' });
  });

  it('tells an iteration that is too slow to list the directory again', async () => {
    const folder = temporaryFolder(rig);
    const watcher = watchFiles(rig.reactor, folder, { maxQueuedEvents: 10 });
    const other = await RecordedWatch.open(rig, folder);
    for (let n = 0; n < 50; n++) writeFileSync(join(folder, `f${n}`), '');
    await other.settled();
    await rig.turns(3);
    writeFileSync(join(folder, 'last'), '');
    const kinds: string[] = [];
    const iterate = async (): Promise<void> => {
      for await (const { kind, path } of watcher) {
        kinds.push(kind);
        if (path.endsWith('last')) break;
      }
    };
    await within(iterate(), 'the last event');
    expect(kinds.length).toBeLessThanOrEqual(11);
    expect(kinds[0]).toBe('overflow');
  });

  it('reports nothing while it is paused', async () => {
    const watch = await inFolder();
    watch.watcher.pauseProducing();
    writeFileSync(join(watch.folder, 'a'), '');
    await rig.turns(5);
    expect(watch.events).toEqual([]);
    watch.watcher.resumeProducing();
    await watch.shows('created a');
    // In the middle of a slice of work.
    for (const name of ['b', 'c', 'd']) writeFileSync(join(watch.folder, name), '');
    watch.onEvent = () => watch.watcher.pauseProducing();
    await watch.shows('created b');
    watch.onEvent = () => {};
    await rig.turns(5);
    expect(watch.lines).not.toContain('created d');
    watch.watcher.resumeProducing();
    await watch.shows('created d');
  });

  it('reports one event for each path when changes have settled', async () => {
    const watch = await inFolder({ settleMs: 30 });
    const at = (name: string): string => join(watch.folder, name);
    writeFileSync(at('a'), '1');
    appendFileSync(at('a'), '2');
    writeFileSync(at('gone'), '');
    rmSync(at('gone'));
    await watch.shows('created a');
    expect(watch.lines).toEqual(['created a']);
    appendFileSync(at('a'), '3');
    rmSync(at('a'));
    await watch.shows('removed a');
    expect(watch.lines).toEqual(['created a', 'removed a']);
  });

  it('refuses what it cannot watch', () => {
    const folder = temporaryFolder(rig);
    const failure = (path: string): unknown => {
      try {
        return watchFiles(rig.reactor, path);
      } catch (error) {
        return error;
      }
    };
    writeFileSync(join(folder, 'file'), '');
    expect(failure(join(folder, 'x/y'))).toMatchObject({
      code: 'ERR_FILE_WATCH',
      path: join(folder, 'x'),
      cause: { code: 'ENOENT' },
    });
    expect(failure(join(folder, 'file/y'))).toMatchObject({ cause: { code: 'ENOTDIR' } });
    for (const bad of ['', 'a\0b', 1, null, [], [1], {}] as never[]) {
      expect(() => watchFiles(rig.reactor, bad)).toThrow(/^(path|paths) must be/);
    }
    for (const bad of [{ maxDepth: -1 }, { ignore: 1 }, { listener: {} }, { settleMs: 'x' }]) {
      expect(() => watchFiles(rig.reactor, folder, bad as never)).toThrow(
        /^(maxDepth|ignore|fileChanged|settleMs) must be/,
      );
    }
  });
});
