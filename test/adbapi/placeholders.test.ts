import { expect, it } from 'vitest';
import { placeholdersOf } from '../../src/adbapi/sqlite/placeholders.js';

it.each([
  ['SELECT 1', 0, false, false],
  ['SELECT ?, ?', 2, false, false],
  ['SELECT ?2, ?1', 2, false, false],
  ['SELECT $2, $1, $2', 2, true, false],
  ["SELECT '?', \"?\", `?`, [?], '''?' -- ?\n/* ? */, ?", 1, false, false],
  ["SELECT '$1'", 0, false, false],
  ['SELECT a$1 FROM t', 0, false, false],
  ['SELECT 1; -- the end ;', 0, false, false],
  ['SELECT 1; SELECT ?', 1, false, true],
  ['CREATE TRIGGER a AFTER INSERT ON t BEGIN DELETE FROM u; DELETE FROM v; END', 0, false, false],
  ['SELECT /* unfinished ?', 0, false, false],
])('finds the placeholders of %s', (sql, count, numbered, more) => {
  expect(placeholdersOf(sql)).toMatchObject({ numbered, more, ...(more ? {} : { count }) });
});

it.each(['SELECT :a', 'SELECT @a', 'SELECT $a', 'SELECT $0', 'SELECT ?, $1'])(
  'refuses %s',
  (sql) => {
    expect(() => placeholdersOf(sql)).toThrow(/placeholder/);
  },
);
