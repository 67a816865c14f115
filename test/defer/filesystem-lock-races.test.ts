import { hostname } from 'node:os';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DeferredFilesystemLock } from '../../src/defer/filesystem-lock.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

/** A folder of links, in which others act between two calls of ours. */
const links = new Map<string, string>();
let othersAct: (call: string) => void = () => {};

vi.mock('node:fs', async (importOriginal) => {
  const fail = (code: string): never => {
    throw Object.assign(new Error(code), { code });
  };
  const symlinkSync = (text: string, path: string): void => {
    othersAct(`symlink ${path}`);
    if (links.has(path)) fail('EEXIST');
    links.set(path, text);
  };
  const readlinkSync = (path: string): string => {
    othersAct(`readlink ${path}`);
    return links.get(path) ?? fail('ENOENT');
  };
  const unlinkSync = (path: string): void => {
    othersAct(`unlink ${path}`);
    if (!links.delete(path)) fail('ENOENT');
  };
  const fs = await importOriginal<typeof import('node:fs')>();
  return { ...fs, symlinkSync, readlinkSync, unlinkSync };
});

const host = encodeURIComponent(hostname());
const dead = `2147483646.1.0123456789abcdef@${host}`;
const other = `${process.pid}..fedcba9876543210@${host}`;

beforeEach(() => {
  links.clear();
  othersAct = () => {};
});

const lock = (): boolean => new DeferredFilesystemLock('lock', new ManualClock()).lock();

describe('DeferredFilesystemLock, while others are at it', () => {
  it('tries again when the lock goes between finding and reading it', () => {
    links.set('lock', other);
    othersAct = (call) => call === 'readlink lock' && links.delete('lock');
    expect(lock()).toBe(true);
  });

  it('gives up for now where the lock comes and goes without end', () => {
    othersAct = (call) =>
      call === 'symlink lock' ? links.set('lock', other) : links.delete('lock');
    expect(lock()).toBe(false);
  });

  it('does not remove the lock of one who took the stale one over before', () => {
    links.set('lock', dead);
    othersAct = (call) => call === 'symlink lock.break' && links.set('lock', other);
    expect(lock()).toBe(false);
    expect([...links]).toEqual([['lock', other]]);
  });
});
