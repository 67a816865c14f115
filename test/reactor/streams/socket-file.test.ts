import { existsSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SocketFile } from '../../../src/reactor/streams/socket-file.js';

describe('SocketFile', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    path = join(folder, 'socket');
    writeFileSync(path, '');
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('removes the file that was there', () => {
    new SocketFile(path).remove();
    expect(existsSync(path)).toBe(false);
  });

  it('leaves a file of others in its place', () => {
    const file = new SocketFile(path);
    renameSync(path, `${path}.moved`);
    writeFileSync(path, '');
    file.remove();
    expect(existsSync(path)).toBe(true);
  });

  it('leaves a file that was created later', () => {
    const file = new SocketFile(`${path}.later`);
    writeFileSync(`${path}.later`, '');
    file.remove();
    expect(existsSync(`${path}.later`)).toBe(true);
  });

  it('does not mind that the file, or all of its folder, is gone or out of reach', () => {
    const file = new SocketFile(path);
    rmSync(folder, { recursive: true });
    file.remove();
    symlinkSync(folder, folder);
    file.remove();
    new SocketFile(path).remove();
    expect(() => rmSync(folder)).not.toThrow();
  });
});
