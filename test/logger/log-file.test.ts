/** Log files: batches, rotation, failures, and the end of the process. */

import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFile } from '../../src/logger/index.js';
import { flushLoggedErrors, ManualClock } from '../../src/testing/index.js';
import { runProgram } from '../support/child.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-log-'));
  path = join(folder, 'app.log');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const read = (suffix = ''): string => readFileSync(path + suffix, 'utf8');
const files = (): string[] => readdirSync(folder).sort();

describe('a log file', () => {
  it('appends lines in order, and has the permissions that were given', async () => {
    writeFileSync(path, 'before\n');
    await using file = new LogFile(path);
    for (let i = 0; i < 1000; i++) file.write(`${i}\n`);
    await file.flush();
    expect(read()).toBe(`before\n${Array.from({ length: 1000 }, (_, i) => `${i}\n`).join('')}`);
    await using other = new LogFile(join(folder, 'other'), { mode: 0o600 });
    await other.flush();
    if (process.platform !== 'win32') expect(statSync(other.path).mode & 0o777).toBe(0o600);
  });

  it('writes nothing before the end of the turn', async () => {
    await using file = new LogFile(path);
    file.write('line\n');
    expect(read()).toBe('');
    await file.flush();
    expect(read()).toBe('line\n');
  });

  it('drops and counts lines for which it has no room', async () => {
    const file = new LogFile(path, { maxBufferedBytes: 10 });
    for (const line of ['12345\n', '678\n', 'x\n', '\n']) file.write(line);
    expect(file.dropped).toBe(2);
    await file.close();
    expect(read()).toBe('12345\n678\n');
    file.write('late\n');
    expect(file.dropped).toBe(3);
    expect(flushLoggedErrors('ERR_LOG_EVENTS_DROPPED')).toMatchObject([{ error: { count: 2 } }]);
  });

  it('is rotated before it would become too large', async () => {
    await using file = new LogFile(path, { maxBytes: 12, keep: 2 });
    for (const line of [
      'one',
      'two',
      'three',
      'four',
      'five',
      'six',
      'seven',
      'a very long line',
    ]) {
      file.write(`${line}\n`);
    }
    await file.flush();
    expect([read(), read('.1'), read('.2')]).toEqual([
      'a very long line\n',
      'seven\n',
      'five\nsix\n',
    ]);
    expect(files()).toEqual(['app.log', 'app.log.1', 'app.log.2']);
  });

  it('counts the bytes that the file had before', async () => {
    writeFileSync(path, '0123456789');
    await using file = new LogFile(path, { maxBytes: 12 });
    file.write('é€\n');
    await file.flush();
    expect([read('.1'), read()]).toEqual(['0123456789', 'é€\n']);
  });

  it('is rotated by day, and keeps the latest files', async () => {
    let now = new Date(2026, 10, 28, 12).getTime();
    writeFileSync(path, 'old\n');
    utimesSync(path, new Date(2026, 10, 25), new Date(2026, 10, 25));
    await using file = new LogFile(path, { daily: true, keep: 2, wallClock: () => now });
    for (const day of [28, 29, 30]) {
      now = new Date(2026, 10, day, 12).getTime();
      file.write(`${day}\n`);
      file.write(`${day}\n`);
      await file.flush();
    }
    expect(files()).toEqual(['app.log', 'app.log.2026_11_28', 'app.log.2026_11_29']);
    expect([read(), read('.2026_11_29')]).toEqual(['30\n30\n', '29\n29\n']);
  });

  it('is rotated several times a day if it has a size, too', async () => {
    const now = new Date(2026, 10, 28, 12).getTime();
    await using file = new LogFile(path, { daily: true, maxBytes: 2, wallClock: () => now });
    for (const line of ['a\n', 'b\n', 'c\n']) file.write(line);
    await file.flush();
    expect([read(), read('.2026_11_28'), read('.2026_11_28.1')]).toEqual(['c\n', 'a\n', 'b\n']);
  });

  it('is rotated on demand, and without a file that is kept', async () => {
    await using file = new LogFile(path, { keep: 0 });
    file.write('one\n');
    await file.flush();
    file.rotate();
    file.write('two\n');
    await file.flush();
    expect(files()).toEqual(['app.log']);
    expect(read()).toBe('two\n');
  });

  it.skipIf(process.platform === 'win32')(
    'is opened again on demand, after another program has renamed it',
    async () => {
      await using file = new LogFile(path);
      file.write('one\n');
      await file.flush();
      renameSync(path, `${path}.old`);
      file.write('two\n');
      await file.flush();
      file.reopen();
      file.write('three\n');
      await file.flush();
      expect([read('.old'), read()]).toEqual(['one\ntwo\n', 'three\n']);
    },
  );

  it('continues in the same file if it cannot be rotated', async () => {
    await using file = new LogFile(path, { maxBytes: 4 });
    file.write('one\n');
    await file.flush();
    // A folder of that name is not replaced by a file.
    mkdirSync(`${path}.1`);
    writeFileSync(join(`${path}.1`, 'x'), '');
    mkdirSync(`${path}.2`);
    writeFileSync(join(`${path}.2`, 'x'), '');
    mkdirSync(`${path}.3`);
    for (let i = 4; i <= 11; i++) mkdirSync(`${path}.${i}`);
    file.write('two\n');
    await file.flush();
    expect(flushLoggedErrors('ERR_LOG_NOT_WRITTEN')).toHaveLength(1);
    expect(read()).toBe('one\ntwo\n');
  });

  it.skipIf(process.platform === 'win32')(
    'writes to a FIFO without waiting for its reader, and does not rotate it',
    async () => {
      execFileSync('mkfifo', [path]);
      expect(() => new LogFile(path)).toThrow(/ENXIO/);
      const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const clock = new ManualClock();
      await using file = new LogFile(path, { clock, maxBytes: 3, keep: 0 });
      const line = `${'x'.repeat(65_535)}\n`;
      for (let i = 0; i < 4; i++) file.write(line);
      // The reader does not read.
      await file.flush();
      expect(flushLoggedErrors('ERR_LOG_NOT_WRITTEN')).toMatchObject([
        { error: { cause: { code: 'EAGAIN' } } },
      ]);
      expect(files()).toEqual(['app.log']);
      closeSync(reader);
      await file.flush();
      unlinkSync(path);
      file.reopen();
      await file.flush();
      expect(read().endsWith(line)).toBe(true);
      flushLoggedErrors('ERR_LOG_NOT_WRITTEN');
    },
  );

  it('throws if it cannot be opened', () => {
    const open = (): unknown => new LogFile(join(folder, 'none', 'app.log'));
    expect(open).toThrow(expect.objectContaining({ code: 'ERR_LOG_NOT_WRITTEN' }));
    expect(open).toThrow(/ENOENT/);
  });

  it.skipIf(!existsSync('/dev/full'))(
    'reports a full disk once, keeps the lines, and writes them when there is room',
    async () => {
      const clock = new ManualClock();
      symlinkSync('/dev/full', path);
      await using file = new LogFile(path, { clock, maxBufferedBytes: 8 });
      file.write('one\n');
      await file.flush();
      clock.advance(1000);
      await file.flush();
      file.write('two\n');
      file.write('three\n');
      expect(flushLoggedErrors('ERR_LOG_NOT_WRITTEN')).toMatchObject([
        { error: { destination: path, cause: { code: 'ENOSPC' } } },
      ]);
      unlinkSync(path);
      file.reopen();
      await file.flush();
      expect(read()).toBe('one\ntwo\n');
      expect(flushLoggedErrors()).toMatchObject([
        { error: { code: 'ERR_LOG_EVENTS_DROPPED', count: 1 } },
      ]);
    },
  );

  it.each(['exit', 'throw', 'end'])('has all lines when a process ends by %s', async (how) => {
    const result = await runProgram(new URL('exiting-program.ts', import.meta.url), [path, how]);
    expect(result.code).toBe(how === 'throw' ? 1 : 0);
    const lines = read().trimEnd().split('\n');
    expect(lines).toEqual(Array.from({ length: 20_000 }, (_, i) => `line ${i}`));
  });
});
