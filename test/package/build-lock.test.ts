import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lockFile, withBuildLock } from '../../tools/build-lock.mjs';

let folder: string;
let lock: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-lock-'));
  lock = join(folder, 'lock');
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

describe('withBuildLock', () => {
  it('holds the lock during the build, and returns its result', async () => {
    const holder = await withBuildLock(lock, () => readFileSync(lock, 'utf8'));
    expect(holder).toBe(String(process.pid));
    expect(existsSync(lock)).toBe(false);
  });

  it('releases the lock if the build fails', async () => {
    const failure = new Error('no compiler');
    await expect(withBuildLock(lock, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(existsSync(lock)).toBe(false);
  });

  it('waits for a build in progress, and says so once', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    const order: string[] = [];
    const { promise, resolve } = deferred();
    const first = withBuildLock(lock, async () => {
      order.push('first begins');
      await promise;
      order.push('first ends');
    });
    const second = withBuildLock(lock, () => order.push('second'));
    await vi.waitFor(() => expect(log).toHaveBeenCalled());
    expect(log).toHaveBeenCalledWith(`waiting for another build: process ${process.pid} (${lock})`);
    resolve();
    await Promise.all([first, second]);
    expect(order).toEqual(['first begins', 'first ends', 'second']);
    expect(log).toHaveBeenCalledTimes(1);
  });

  it('takes the lock of a process that is gone', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    writeFileSync(lock, String(pid));
    expect(await withBuildLock(lock, () => 'built')).toBe('built');
  });
});

describe('lockFile', () => {
  it('is one for each checkout', () => {
    expect(lockFile('/a')).toBe(lockFile('/a'));
    expect(lockFile('/a')).not.toBe(lockFile('/b'));
  });
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
