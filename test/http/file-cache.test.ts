/** Files whose content is kept in memory: they must be served as they are now, and within the limit. */
import { chmodSync, closeSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileCache } from '../../src/http/file-cache.js';
import { FILE_CALLS } from '../../src/http/file-calls.js';
import { StaticFiles } from '../../src/http/static-files.js';
import { ask, filesAt, MODIFIED, request, StaticFolder } from './static-folder.js';

const { blocking } = FILE_CALLS;
const POSIX = process.platform !== 'win32';
const ROOT_USER = process.getuid?.() === 0;
let folder: StaticFolder;

beforeEach(() => {
  folder = new StaticFolder();
  folder.write('a.txt', 'first');
});

afterEach(() => folder.remove());

/** Whether the answer was made without opening the file. */
async function isKept(files: StaticFiles, target: string): Promise<boolean> {
  const { body } = await files.answer(request(target));
  const { fd } = body ?? {};
  await body?.close();
  return fd === undefined;
}

describe('the cache', () => {
  it('gives the same content again', async () => {
    const files = filesAt(folder.root);
    for (let time = 0; time < 3; time++) {
      expect((await ask(files, '/a.txt')).body).toBe('first');
      expect((await ask(files, '/a.txt', { Range: 'bytes=1-2' })).body).toBe('ir');
    }
    const pieces = await Promise.all(
      [0, 1].map(async () => (await files.answer(request('/a.txt'))).body?.pieces[0]),
    );
    expect((pieces[0] as Buffer).buffer).toBe((pieces[1] as Buffer).buffer);
  });

  it('notices a new content, an exchanged file and a removed one', async () => {
    const files = filesAt(folder.root);
    expect((await ask(files, '/a.txt')).body).toBe('first');
    folder.write('a.txt', 'other', new Date(MODIFIED.getTime() - 1));
    expect((await ask(files, '/a.txt')).body).toBe('other');
    folder.write('b.txt', 'moved');
    renameSync(join(folder.root, 'b.txt'), join(folder.root, 'a.txt'));
    expect((await ask(files, '/a.txt')).body).toBe('moved');
    unlinkSync(join(folder.root, 'a.txt'));
    expect((await ask(files, '/a.txt')).status).toBe(404);
  });

  it('notices a content of the same length and time stamp', async () => {
    const files = filesAt(folder.root);
    expect((await ask(files, '/a.txt')).body).toBe('first');
    folder.write('a.txt', 'FIRST');
    expect((await ask(files, '/a.txt')).body).toBe('FIRST');
  });

  it.skipIf(!POSIX)('does not serve a link that took the place of a file', async () => {
    const files = filesAt(folder.root);
    expect((await ask(files, '/a.txt')).body).toBe('first');
    renameSync(join(folder.root, 'a.txt'), join(folder.outer, 'secret'));
    symlinkSync('../secret', join(folder.root, 'a.txt'));
    expect((await ask(files, '/a.txt')).status).toBe(404);
  });

  it.skipIf(!POSIX || ROOT_USER)('does not serve a file that became unreadable', async () => {
    const files = filesAt(folder.root);
    expect((await ask(files, '/a.txt')).body).toBe('first');
    chmodSync(join(folder.root, 'a.txt'), 0);
    expect((await ask(files, '/a.txt')).status).toBe(403);
  });

  it('keeps no file that may still change unnoticed', async () => {
    const wallClock = (): number => MODIFIED.getTime() + 1_999;
    const files = filesAt(folder.root, { wallClock });
    expect(await isKept(files, '/a.txt')).toBe(false);
    expect(await isKept(files, '/a.txt')).toBe(false);
  });

  it('keeps no file of more than a sixteenth of cacheBytes', async () => {
    folder.write('16', Buffer.alloc(16));
    folder.write('17', Buffer.alloc(17));
    const files = filesAt(folder.root, { cacheBytes: 256 });
    expect(await isKept(files, '/16')).toBe(true);
    expect(await isKept(files, '/17')).toBe(false);
    expect(await isKept(filesAt(folder.root, { cacheBytes: 0 }), '/16')).toBe(false);
  });

  it('drops the files that were used least recently', async () => {
    const opened: string[] = [];
    const open = (path: string, flags: number): number => {
      opened.push(path.slice(-2));
      return blocking.open(path, flags) as number;
    };
    const names = Array.from({ length: 17 }, (_, index) => String(index + 10));
    for (const name of names) folder.write(name, Buffer.alloc(16));
    const bytes = 16 + 2 * join(folder.root, '10').length + 1_024;
    const files = new StaticFiles(
      folder.root,
      { cacheBytes: 16 * bytes, wallClock: () => 1e15 },
      {
        ...blocking,
        open,
      },
    );
    for (const name of names.slice(0, 16)) await files.answer(request(`/${name}`));
    expect(opened.splice(0)).toEqual(names.slice(0, 16));
    await files.answer(request('/10')); // the oldest one is used again
    await files.answer(request('/26')); // and so 11 is dropped
    expect(opened.splice(0)).toEqual(['26']);
    await files.answer(request('/10'));
    expect(opened.splice(0)).toEqual([]);
    await files.answer(request('/11'));
    expect(opened.splice(0)).toEqual(['11']);
  });

  it('counts more than the content: a small file may have many paths', async () => {
    const cache = new FileCache(65_536);
    const stats = await blocking.stat(join(folder.root, 'a.txt'));
    const paths = Array.from({ length: 1_000 }, (_, index) => `/loop/${index}`);
    for (const path of paths) cache.set(path, { stats }, 0);
    expect(paths.filter((path) => cache.has(path)).length).toBeLessThanOrEqual(64);
    expect(cache.has('/loop/999')).toBe(true);
  });

  it('keeps no content that changed while it was read', async () => {
    const read = (fd: number, buffer: Buffer, position: number): number => {
      const bytes = blocking.read(fd, buffer, position) as number;
      folder.write('a.txt', 'other', new Date(MODIFIED.getTime() + 1));
      return bytes;
    };
    const files = new StaticFiles(folder.root, {}, { ...blocking, read });
    expect(await isKept(files, '/a.txt')).toBe(false);
  });

  it('keeps no content of a file that became shorter', async () => {
    const read = (): number => 1;
    const files = new StaticFiles(folder.root, {}, { ...blocking, read });
    const { body } = await files.answer(request('/a.txt'));
    expect(body?.length).toBe(5);
    expect(typeof body?.fd).toBe('number');
    closeSync(body?.fd as number);
  });

  it('closes what it read', async () => {
    await ask(filesAt(folder.root), '/a.txt');
    expect(folder.openFiles()).toEqual([]);
  });
});
