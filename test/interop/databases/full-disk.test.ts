/** SQLite on a small file system of its own. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConnectionPool, DatabaseFullError } from '../../../src/adbapi/index.js';
import { sqliteDatabase } from '../../adbapi/sqlite-database.js';
import { contract } from '../../support/contract.js';
import { within } from '../../support/deadline.js';

const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));

/** Mounting needs root. */
function mounted(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn('skipped: this user cannot mount a tmpfs');
    return false;
  }
}

const MOUNTED = mounted();

afterAll(() => {
  if (MOUNTED) execFileSync('umount', [folder]);
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!MOUNTED)('on a full disk', () => {
  let number = 0;

  contract('SQLite', (rig) => {
    it.each(['wal', 'delete'] as const)(
      'rolls back and reports it, in journal mode %s',
      async (journalMode) => {
        number += 1;
        const file = join(folder, `${number}.db`);
        await using pool = new ConnectionPool(rig.reactor, sqliteDatabase(file, { journalMode }));
        await pool.runScript('CREATE TABLE t (x)');
        await pool.runOperation('INSERT INTO t VALUES (1)');
        const filled = pool.runInteraction(async (transaction) => {
          for (let i = 0; i < 100; i++) {
            await transaction.runOperation('INSERT INTO t VALUES (zeroblob(50000))');
          }
        });
        const failure = await within(
          filled.then(
            () => undefined,
            (error: unknown) => error,
          ),
          'the end of the transaction',
        );
        expect(failure).toBeInstanceOf(DatabaseFullError);
        expect(await pool.runQuery('SELECT x FROM t')).toEqual([{ x: 1 }]);
        expect(await pool.runQuery('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
        await pool.close();
        for (const suffix of ['', '-wal', '-shm', '-journal'])
          rmSync(file + suffix, { force: true });
      },
    );
  });
});
