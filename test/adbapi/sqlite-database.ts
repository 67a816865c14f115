/** SQLite databases of tests, whose threads run compiled modules. */
import type { sqlite } from '../../src/adbapi/index.js';
import { SQLiteDriver } from '../../src/adbapi/sqlite/sqlite.js';
import {
  CONNECTION_MODULE,
  type ConnectionModule,
} from '../../src/adbapi/sqlite/sqlite-connection.js';
import { type SQLiteOptions, sqliteSettings } from '../../src/adbapi/sqlite/sqlite-options.js';
import { threadModule } from '../../src/threads/index.js';
import { THREAD_FLAGS } from '../support/thread-flags.js';

/** As of this file: packed tests are JavaScript, and so is the module beside them. */
const MODULE: ConnectionModule = import.meta.url.endsWith('.ts')
  ? threadModule(new URL('../../dist/adbapi/sqlite/connection-thread.js', import.meta.url), {
      errors: CONNECTION_MODULE.errors,
    })
  : CONNECTION_MODULE;

/** Like {@link sqlite}. */
export function sqliteDatabase(
  path: string,
  options: SQLiteOptions = {},
): ReturnType<typeof sqlite> {
  const settings = sqliteSettings(path, { thread: { execArgv: THREAD_FLAGS }, ...options });
  return new SQLiteDriver(settings, MODULE);
}
