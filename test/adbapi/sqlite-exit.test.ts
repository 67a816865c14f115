/** The end of a process whose threads are in code of SQLite. */
import { expect, it } from 'vitest';
import { runProgram } from '../support/child.js';

const PROGRAM = new URL('./programs/exit-in-statement.ts', import.meta.url);
const COUNT = (rows: number): string =>
  `WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT ${rows}) SELECT`;

it('stops statements that return rows, and waits for others, instead of aborting', async () => {
  const endless = `${COUNT(1e12)} x FROM c`;
  const silent = `${COUNT(300_000)} count(*) FROM c`;
  for (let time = 0; time < 5; time++) {
    const { code, signal } = await runProgram(PROGRAM, [endless, endless, silent]);
    expect({ code, signal }).toEqual({ code: 3, signal: null });
  }
});
