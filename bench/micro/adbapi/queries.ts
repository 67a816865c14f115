// The cases of the benches of databases: the same queries one by one and at once.

import type { Effort, Figures, MicroBar, MicroCase } from '../../harness/micro/bench.js';
import { cpuAndTimePerOperation, expectSame } from '../../harness/micro/timing.js';

const QUERIES = 10_000;
const ROWS = 1000;

export const CREATE = 'CREATE TABLE guests (id INTEGER PRIMARY KEY, name TEXT)';
export const FILL =
  "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 1000) INSERT INTO guests SELECT id, 'guest ' || id FROM n";

export type Query = (
  sql: string,
  parameters: readonly unknown[],
) => PromiseLike<readonly { readonly name: string }[]>;

export interface Contender {
  readonly query: Query;
  readonly end: () => PromiseLike<unknown>;
}

async function oneByOne(sql: string, query: Query): Promise<number> {
  let found = 0;
  for (let n = 0; n < QUERIES; n++) found += (await query(sql, [1 + (n % ROWS)])).length;
  return found;
}

async function together(sql: string, query: Query): Promise<number> {
  const all = Array.from({ length: QUERIES }, (_, n) => query(sql, [1 + (n % ROWS)]));
  return (await Promise.all(all)).reduce((found, { length }) => found + length, 0);
}

/** @param contenders Functions that start them. */
export function queryCases(
  sql: string,
  reference: string,
  contenders: Readonly<Record<string, () => Promise<Contender>>>,
): MicroCase[] {
  const caseOf = (
    name: string,
    batch: (sql: string, query: Query) => Promise<number>,
  ): MicroCase => {
    const measures = Object.entries(contenders).map(([one, start]) => {
      const run = async (effort: Effort): Promise<Figures> => {
        const { query, end } = await start();
        try {
          const check = (found: number): void => expectSame('the rows', found, QUERIES);
          return await cpuAndTimePerOperation(effort, QUERIES, () => batch(sql, query), check);
        } finally {
          await end();
        }
      };
      return [one, run] as const;
    });
    return { name, reference, contenders: Object.fromEntries(measures) };
  };
  return [caseOf('one by one', oneByOne), caseOf('at once', together)];
}

/** The CPU time of `of`, at most `limit` times that of `to`. */
export function queryBars(of: string, to: string, limit: number): MicroBar[] {
  return ['one by one: CPU', 'at once: CPU'].map((row) => ({
    row,
    of,
    to,
    sense: 'at most',
    limit,
  }));
}
