/** What a file server must not open: links out of the root, devices, and files that were exchanged meanwhile. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileTruncatedError } from '../../src/http/errors.js';
import { FILE_CALLS } from '../../src/http/file-calls.js';
import { type DescriptorPath, procDescriptorPath, StaticRoot } from '../../src/http/static-root.js';
import { ask, filesAt, request, StaticFolder } from './static-folder.js';

const CALLS = FILE_CALLS.blocking;
const POSIX = process.platform !== 'win32';
let folder: StaticFolder;

beforeEach(() => {
  folder = new StaticFolder();
  folder.write('in.txt', 'in');
  writeFileSync(join(folder.outer, 'out.txt'), 'out');
});

afterEach(() => {
  const open = folder.openFiles();
  folder.remove();
  expect(open).toEqual([]);
});

/** As on systems that do not have the paths of descriptors. */
const unknown: DescriptorPath = async () => undefined;

describe.skipIf(!POSIX).each([
  ['the path of the descriptor', 'blocking', procDescriptorPath],
  ['the path of the descriptor', 'threads', procDescriptorPath],
  ['the real path', 'blocking', unknown],
  ['the real path', 'threads', unknown],
] as const)('symbolic links, checked by %s with %s calls', (_name, fileCalls, descriptorPath) => {
  const calls = FILE_CALLS[fileCalls];

  const status = async (...segments: string[]): Promise<unknown> => {
    const opened = await new StaticRoot(folder.root, false, calls, descriptorPath).open(segments);
    if (typeof opened !== 'object') return opened;
    closeSync(opened.fd);
    return 'opened';
  };

  it('within the root are followed', async () => {
    symlinkSync('in.txt', join(folder.root, 'link'));
    symlinkSync(join(folder.root, 'in.txt'), join(folder.root, 'absolute'));
    expect(await status('link')).toBe('opened');
    expect(await status('absolute')).toBe('opened');
    expect(await status('in.txt')).toBe('opened');
  });

  it('out of the root do not exist', async () => {
    symlinkSync('../out.txt', join(folder.root, 'file'));
    symlinkSync('..', join(folder.root, 'folder'));
    symlinkSync('/', join(folder.root, 'system'));
    symlinkSync('loop', join(folder.root, 'loop'));
    symlinkSync('nothing', join(folder.root, 'dangling'));
    for (const path of [
      'file',
      'folder',
      'folder/out.txt',
      'system/etc/passwd',
      'loop',
      'dangling',
    ]) {
      expect(await status(...path.split('/')), path).toBe(404);
    }
    expect(await status('folder', 'root', 'in.txt')).toBe('opened');
  });

  it('to a neighbour whose name begins like the root do not exist', async () => {
    mkdirSync(`${folder.root}-secret`);
    writeFileSync(`${folder.root}-secret/a`, 'secret');
    symlinkSync('../root-secret/a', join(folder.root, 'a'));
    expect(await status('a')).toBe(404);
  });

  it('that are the root itself may lead to a new release', async () => {
    const current = join(folder.outer, 'current');
    symlinkSync('root', current);
    const root = new StaticRoot(current, false, calls, descriptorPath);
    const open = async (): Promise<unknown> => {
      const opened = await root.open(['in.txt']);
      if (typeof opened !== 'object') return opened;
      closeSync(opened.fd);
      return Number(opened.stats.size);
    };
    expect(await open()).toBe(2);
    mkdirSync(join(folder.outer, 'next'));
    writeFileSync(join(folder.outer, 'next/in.txt'), 'next');
    symlinkSync('next', `${current}.new`);
    renameSync(`${current}.new`, current);
    expect(await open()).toBe(4);
  });
});

describe.skipIf(!POSIX)('linksAnywhere', () => {
  it('serves files outside the root through links', async () => {
    symlinkSync('../out.txt', join(folder.root, 'file'));
    const files = filesAt(folder.root, { linksAnywhere: true });
    expect((await ask(files, '/file')).body).toBe('out');
    expect((await ask(filesAt(folder.root), '/file')).status).toBe(404);
  });
});

describe.skipIf(!POSIX)('a file that is exchanged between open and check', () => {
  it('is judged by what was opened: a link that led out and was removed', async () => {
    const link = join(folder.root, 'link');
    symlinkSync('../out.txt', link);
    const root = new StaticRoot(folder.root, false, CALLS, async (fd, calls) => {
      unlinkSync(link);
      writeFileSync(link, 'harmless');
      return procDescriptorPath(fd, calls);
    });
    expect(await root.open(['link'])).toBe(404);
  });

  it('is refused without a path of the descriptor too: it is another inode', async () => {
    const link = join(folder.root, 'link');
    symlinkSync('../out.txt', link);
    const root = new StaticRoot(folder.root, false, CALLS, async () => {
      unlinkSync(link);
      writeFileSync(link, 'harmless');
      return undefined;
    });
    expect(await root.open(['link'])).toBe(404);
  });

  it.skipIf(process.platform !== 'linux')(
    'is served if it was deleted inside the root',
    async () => {
      const file = join(folder.root, 'in.txt');
      const root = new StaticRoot(folder.root, false, CALLS, async (fd, calls) => {
        unlinkSync(file);
        return procDescriptorPath(fd, calls);
      });
      const opened = await root.open(['in.txt']);
      if (typeof opened !== 'object') throw new Error(`not opened: ${opened}`);
      expect(readlinkSync(`/proc/self/fd/${opened.fd}`)).toBe(`${file} (deleted)`);
      closeSync(opened.fd);
    },
  );
});

describe('files that are none', () => {
  it.skipIf(!POSIX)('a FIFO is refused without waiting for a writer', async () => {
    expect(spawnSync('mkfifo', [join(folder.root, 'fifo')]).status).toBe(0);
    expect((await ask(filesAt(folder.root), '/fifo')).status).toBe(404);
  });

  it.skipIf(process.platform !== 'linux')('a device is refused', async () => {
    symlinkSync('/dev/zero', join(folder.root, 'zero'));
    const files = filesAt(folder.root, { linksAnywhere: true });
    expect((await ask(files, '/zero')).status).toBe(404);
  });

  it.skipIf(!POSIX || process.getuid?.() === 0)('an unreadable file: 403', async () => {
    chmodSync(join(folder.root, 'in.txt'), 0);
    expect((await ask(filesAt(folder.root), '/in.txt')).status).toBe(403);
  });

  it.skipIf(!POSIX)('a hard link is a file of its own', async () => {
    linkSync(join(folder.outer, 'out.txt'), join(folder.root, 'hard'));
    expect((await ask(filesAt(folder.root), '/hard')).body).toBe('out');
  });
});

describe('errors of open', () => {
  const failing = (code: string): StaticRoot => {
    const open = (): never => {
      throw Object.assign(new Error(code), { code });
    };
    return new StaticRoot(folder.root, false, { ...CALLS, open });
  };

  it.each([
    ['ENOENT', 404],
    ['ENOTDIR', 404],
    ['ELOOP', 404],
    ['ENAMETOOLONG', 404],
    ['EACCES', 403],
    ['EPERM', 403],
    ['EMFILE', 503],
    ['ENFILE', 503],
  ])('%s: %i', async (code, status) => {
    expect(await failing(code).open(['in.txt'])).toBe(status);
  });

  it('that are not the fault of the request are thrown', async () => {
    await expect(failing('EIO').open(['in.txt'])).rejects.toMatchObject({ code: 'EIO' });
  });

  it('of a folder, as on Windows, are no errors, unless a link leads out', async () => {
    mkdirSync(join(folder.root, 'sub'));
    for (const code of ['EISDIR', 'EPERM']) {
      expect(await failing(code).open(['sub'])).toBe('folder');
    }
    if (!POSIX) return;
    expect(await failing('EACCES').open(['sub'])).toBe(403);
    symlinkSync('..', join(folder.root, 'out'));
    expect(await failing('EISDIR').open(['out'])).toBe(404);
    expect(await failing('EACCES').open(['none'])).toBe(404);
  });
});

describe('descriptors', () => {
  it('are closed if the check fails', async () => {
    const fault = Object.assign(new Error('EIO'), { code: 'EIO' });
    const root = new StaticRoot(folder.root, false, CALLS, async () => {
      throw fault;
    });
    await expect(root.open(['in.txt'])).rejects.toBe(fault);
  });

  it('are closed if the answer cannot be made', async () => {
    const fault = new Error('no type');
    const mediaTypes = (): never => {
      throw fault;
    };
    const files = filesAt(folder.root, { mediaTypes, cacheBytes: 0 });
    await expect(files.answer(request('/in.txt'))).rejects.toBe(fault);
  });

  it('are closed if fields cannot be read', async () => {
    const files = filesAt(folder.root, { precompressed: ['gzip'], cacheBytes: 0 });
    const fault = new Error('no fields');
    const field = (): never => {
      throw fault;
    };
    await expect(files.answer({ method: 'GET', target: '/in.txt', field })).rejects.toBe(fault);
  });

  it('are closed if the file becomes shorter while it is sent', async () => {
    const file = folder.write('big', Buffer.alloc(200_000));
    const { body } = await filesAt(folder.root, { cacheBytes: 0 }).answer(request('/big'));
    let received = 0;
    const receive = async (): Promise<void> => {
      for await (const chunk of body ?? []) {
        received += chunk.length;
        truncateSync(file, 100_000);
      }
    };
    const error = await receive().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FileTruncatedError);
    expect(error).toMatchObject({ offset: 100_000 });
    expect(received).toBe(100_000);
  });

  it.skipIf(!POSIX)('of a root that was removed do not exist', async () => {
    const files = filesAt(folder.root);
    expect((await ask(files, '/in.txt')).status).toBe(200);
    rmSync(folder.root, { recursive: true });
    expect((await ask(files, '/in.txt')).status).toBe(404);
  });
});
