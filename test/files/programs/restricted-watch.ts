/**
 * Watches files where something is forbidden, and prints what happens. The test runs it in namespaces of its own:
 *
 *     permissions FOLDER            as a user who may not read FOLDER/closed
 *     limit FILE VALUE FOLDER...    with VALUE in /proc/sys/user/FILE
 *     unmount FOLDER                with a file system mounted at FOLDER, and one below, which are unmounted
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FileListener, type FileWatcher, watchFiles } from '../../../src/files/index.js';
import { createReactor } from '../../../src/index.js';

const [mode, ...args] = process.argv.slice(2);
const reactor = createReactor({ kind: 'native' });

const listener: FileListener = {
  fileChanged({ kind, path, error }) {
    const { code, cause } = (error ?? {}) as { code?: string; cause?: { code?: string } };
    console.log([kind, path, code, cause?.code].join(' ').trim());
  },
  watchLost: (reason) => console.log('ended', 'option' in reason ? reason.option : reason.message),
};

async function watch(...paths: string[]): Promise<FileWatcher> {
  const watcher = watchFiles(reactor, paths, { listener });
  await watcher.ready();
  console.log(`${watcher.directories} directories`);
  return watcher;
}

async function permissions([folder = '']: string[]): Promise<void> {
  if (process.getuid?.() === 0) {
    process.setgid?.(65534);
    process.setuid?.(65534);
  }
  const watcher = await watch(folder);
  writeFileSync(join(folder, 'open/f'), '');
  reactor.callLater(100, () => watcher.close());
}

async function limit([file = '', value = '', ...folders]: string[]): Promise<void> {
  writeFileSync(`/proc/sys/user/${file}`, value);
  try {
    await watch(...folders);
    mkdirSync(join(folders[0] as string, 'one-more'));
  } catch (error) {
    console.log(`threw ${(error as { option?: string }).option}`);
  }
}

async function unmount([folder = '']: string[]): Promise<void> {
  const below = join(folder, 'below');
  execFileSync('mount', ['-t', 'tmpfs', 'test', folder]);
  mkdirSync(join(below, 'hidden'), { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', 'test', below]);
  mkdirSync(join(below, 'd'));
  const watcher = await watch(folder);
  execFileSync('umount', [below]);
  reactor.callLater(100, () => {
    console.log(`${watcher.directories} directories`);
    writeFileSync(join(below, 'hidden/f'), '');
    reactor.callLater(100, () => execFileSync('umount', [folder]));
  });
}

const modes = { permissions, limit, unmount };
await modes[mode as keyof typeof modes](args);
