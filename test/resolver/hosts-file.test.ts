import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostsFile } from '../../src/resolver/hosts-file.js';
import { ManualClock } from '../../src/testing/index.js';
import { hostAddresses } from '../support/name-resolvers.js';

let folder = '';
let path = '';
let clock = new ManualClock();
let file = new HostsFile({ clock });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
  path = join(folder, 'hosts');
  clock = new ManualClock();
  file = new HostsFile({ clock, path });
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('HostsFile', () => {
  it('contains no names if there is no file', () => {
    expect(file.addressesOf('h')).toEqual([]);
  });

  it('is the platform’s by default', () => {
    expect(new HostsFile({ clock }).addressesOf('no-such-host.invalid')).toEqual([]);
  });

  it('finds what the file says', () => {
    writeFileSync(path, '192.0.2.1 h\n');
    expect(file.addressesOf('h')).toEqual(hostAddresses('192.0.2.1'));
    expect(file.addressesOf('other')).toEqual([]);
  });

  it('looks for changes once a second', () => {
    writeFileSync(path, '192.0.2.1 h\n');
    file.addressesOf('h');
    writeFileSync(path, '192.0.2.22 h\n');
    clock.advance(999);
    expect(file.addressesOf('h')).toEqual(hostAddresses('192.0.2.1'));
    clock.advance(1);
    expect(file.addressesOf('h')).toEqual(hostAddresses('192.0.2.22'));
  });

  it('sees a replacement of the same length', () => {
    writeFileSync(path, '192.0.2.1 h\n');
    file.addressesOf('h');
    writeFileSync(join(folder, 'new'), '192.0.2.2 h\n');
    renameSync(join(folder, 'new'), path);
    clock.advance(1_000);
    expect(file.addressesOf('h')).toEqual(hostAddresses('192.0.2.2'));
  });

  it('sees a file come, go and come again', () => {
    file.addressesOf('h');
    writeFileSync(path, '192.0.2.1 h\n');
    clock.advance(1_000);
    expect(file.addressesOf('h')).toHaveLength(1);
    rmSync(path);
    clock.advance(1_000);
    expect(file.addressesOf('h')).toEqual([]);
    writeFileSync(path, '192.0.2.1 h\n');
    clock.advance(1_000);
    expect(file.addressesOf('h')).toHaveLength(1);
  });

  it('returns the identical answer while the file is unchanged', () => {
    writeFileSync(path, '192.0.2.1 h\n');
    const before = file.addressesOf('h');
    clock.advance(5_000);
    expect(file.addressesOf('h')).toBe(before);
  });

  it('leaves a file of more than 1 MiB to the system', () => {
    writeFileSync(path, `192.0.2.1 h\n#${'x'.repeat(1024 * 1024)}`);
    expect(file.addressesOf('h')).toEqual([]);
  });

  it.runIf(process.platform !== 'win32')('does not wait for a FIFO, nor read a folder', () => {
    execFileSync('mkfifo', [path]);
    expect(file.addressesOf('h')).toEqual([]);
    expect(new HostsFile({ clock, path: folder }).addressesOf('h')).toEqual([]);
  });
});
