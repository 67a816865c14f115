import { expect, it } from 'vitest';
import { postgres } from '../../src/adbapi/index.js';

it('refuses a connection string in place of options, without showing its password', () => {
  expect(() => postgres('postgres://ann:hunter2@db/guests' as never)).toThrow(
    'options of postgres must be a plain object, not an object (String): { connectionString } takes text',
  );
});
