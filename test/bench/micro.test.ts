// The micro benches' runner on made-up benches and figures: statistics, turns, command line, report. What it measures is
// not tested; that every bench hangs together is.

import { describe, expect, it } from 'vitest';
import { type Measure, type MicroBench, QUICK } from '../../bench/harness/micro/bench.js';
import { chooseBenches, fileNameOf, parseMicroOptions } from '../../bench/harness/micro/command.js';
import {
  barsOf,
  figuresOf,
  type MicroBenchRecord,
  type MicroRunRecord,
} from '../../bench/harness/micro/record.js';
import { microReport } from '../../bench/harness/micro/report.js';
import { type MeasureTurn, runMicro, turnsOf } from '../../bench/harness/micro/runner.js';
import { bytesOf, expectSame, nsPerOperation } from '../../bench/harness/micro/timing.js';
import { UsageError } from '../../bench/harness/options.js';
import { REPOSITORY } from '../../bench/harness/paths.js';
import { randomFrom, ratioOfRounds } from '../../bench/harness/statistics.js';
import { type ChildResult, runProgram } from '../support/child.js';

const unused: Measure = () => {
  throw new Error('measured in this process');
};

const BENCH: MicroBench = {
  title: 'Sums',
  workload: 'Numbers are added.',
  unit: 'ns',
  cases: [
    { name: 'small', reference: 'theirs', contenders: { ours: unused, theirs: unused } },
    { name: 'large', reference: 'theirs', contenders: { ours: unused, theirs: unused } },
  ],
  bars: [{ row: 'small: a sum', of: 'ours', to: 'theirs', sense: 'at most', limit: 0.5 }],
};

const FOUND = { name: 'sums', path: `${REPOSITORY}/bench/micro/sums.bench.ts`, bench: BENCH };

/** Runs BENCH; ours takes 10 a case, theirs 40 and with each round 10 more. */
async function runOf(
  options: { quick?: boolean; rounds?: number; seed?: number } = {},
  measure?: MeasureTurn,
): Promise<{ run: MicroRunRecord; record: MicroBenchRecord; turns: string[] }> {
  const turns: string[] = [];
  let theirs = 30;
  const madeUp: MeasureTurn = async (_path, { contender, cases }) => {
    turns.push(`${contender}: ${cases.join()}`);
    if (contender === 'theirs' && cases.includes('small')) theirs += 10;
    const figures = { 'a sum': contender === 'ours' ? 10 : theirs };
    return Object.fromEntries(cases.map((name) => [name, figures]));
  };
  const all = { quick: false, rounds: 3, seed: 1, ...options };
  const run = await runMicro([FOUND], all, { step() {}, clear() {} }, measure ?? madeUp);
  const [record] = run.benches;
  if (record === undefined) throw new Error('nothing was recorded');
  return { run, record, turns };
}

describe('ratioOfRounds', () => {
  const samples = (...figures: number[]) => figures.map((figure, round) => ({ round, figure }));

  it('takes the ratio within each round, and then the median', () => {
    const ratio = ratioOfRounds(samples(10, 100, 30), samples(5, 20, 10));
    expect(ratio).toMatchObject({ median: 3, min: 2, max: 5, count: 3 });
  });

  it('leaves out rounds that only one has, and what cannot be divided by', () => {
    expect(ratioOfRounds(samples(8, 8, 8), samples(4, 0))).toMatchObject({ median: 2, count: 1 });
    expect(ratioOfRounds(samples(8), [])).toBeUndefined();
  });
});

describe('the options of --micro', () => {
  it('have defaults, fewer rounds for a quick run', () => {
    const usual = parseMicroOptions(['--micro']);
    expect(usual).toMatchObject({ names: [], quick: false, rounds: 5, writeDocs: false });
    const quick = parseMicroOptions(['--micro', '--quick']);
    expect(quick).toMatchObject({ quick: true, rounds: 1 });
    expect(quick.outFolder).not.toBe(usual.outFolder);
  });

  it('take names, rounds, a seed, a folder and a file', () => {
    const args = '--micro tasks netstring --rounds 2 --seed 9 --out there --report it.json';
    expect(parseMicroOptions([...args.split(' '), '--write-docs'])).toMatchObject({
      names: ['tasks', 'netstring'],
      rounds: 2,
      seed: 9,
      outFolder: 'there',
      reportOf: 'it.json',
      writeDocs: true,
    });
  });

  it.each([[['--rounds', '0']], [['--rounds', 'many']], [['--seed', '-1']], [['--faster']]])(
    'refuse %j',
    (args) => {
      expect(() => parseMicroOptions(['--micro', ...args])).toThrow(UsageError);
    },
  );

  it('name the file of the results', async () => {
    const { run } = await runOf();
    const day = run.startedAt.slice(0, 10);
    const nameFor = (...args: string[]) => fileNameOf(run, parseMicroOptions(['--micro', ...args]));
    expect(nameFor()).toBe(`${day}-micro`);
    expect(nameFor('tasks', 'netstring')).toBe(`${day}-micro-tasks+netstring`);
    expect(nameFor('--quick')).toBe(`${day}-micro-quick`);
  });
});

describe('the micro benches', () => {
  it('are chosen by name, in their own order', async () => {
    const chosen = await chooseBenches(['tasks', 'netstring']);
    expect(chosen.map(({ name }) => name)).toEqual(['netstring', 'tasks']);
    await expect(chooseBenches(['nonsense'])).rejects.toThrow(/nonsense.*deferred/);
  });

  it('have names of their own, references that contend, and bars on what they measure', async () => {
    const all = await chooseBenches([]);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    for (const { bench } of all) {
      const names = bench.cases.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      for (const { contenders, reference } of bench.cases) {
        expect(Object.keys(contenders)).toContain(reference);
      }
      for (const { row, of, to } of bench.bars) {
        const barred = bench.cases.find(({ name }) => row === name || row.startsWith(`${name}: `));
        expect(Object.keys(barred?.contenders ?? {})).toEqual(
          expect.arrayContaining(to === undefined ? [of] : [of, to]),
        );
      }
    }
  });

  it('stand to the bar of the project: 0.5 of what promises take', async () => {
    const [deferred] = await chooseBenches(['deferred']);
    expect(deferred?.bench.bars).toEqual([
      {
        row: 'make, 3 callbacks, fire',
        of: 'Deferred',
        to: 'promise',
        sense: 'at most',
        limit: 0.5,
      },
    ]);
  });
});

describe('runMicro', () => {
  it('lets each contender measure each case in each round', async () => {
    const { record, turns } = await runOf({ rounds: 2 });
    const round = ['ours: large', 'ours: small', 'theirs: large', 'theirs: small'];
    expect(turns.slice(0, 4).sort()).toEqual(round);
    expect(turns.slice(4).sort()).toEqual(round);
    expect(record.samples).toHaveLength(8);
    expect(record.failures).toEqual([]);
  });

  it('has the contenders of a case follow each other, in an order that the seed decides', () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const turns = turnsOf(BENCH, false, randomFrom(seed));
      expect(turns).toEqual(turnsOf(BENCH, false, randomFrom(seed)));
      expect(turns.map(({ cases }) => cases.join())).toEqual(['small', 'small', 'large', 'large']);
      orders.add(turns.map(({ contender }) => contender).join());
    }
    expect(orders.size).toBe(4);
  });

  it('measures all cases of a contender at once in a quick run', async () => {
    const { record, turns } = await runOf({ quick: true, rounds: 1 });
    expect(turns.sort()).toEqual(['ours: small,large', 'theirs: small,large']);
    expect(record.samples).toHaveLength(4);
  });

  it('records what fails and goes on', async () => {
    const { record } = await runOf({ rounds: 1 }, async (_path, { contender, cases }) => {
      if (contender === 'ours') throw new Error('lost count');
      return Object.fromEntries(cases.map((name) => [name, { 'a sum': 1 }]));
    });
    expect(record.failures.sort()).toEqual([
      'round 1: ours, large: lost count',
      'round 1: ours, small: lost count',
    ]);
    expect(record.samples.map(({ contender }) => contender)).toEqual(['theirs', 'theirs']);
  });

  it('names no folder of the machine in what it leaves behind', async () => {
    const { run } = await runOf();
    expect(run.benches[0]?.path).toBe('bench/micro/sums.bench.ts');
    expect(JSON.stringify(run)).not.toContain(REPOSITORY);
  });
});

describe('the figures of a bench', () => {
  it('are medians row by row, with the ratio to the reference', async () => {
    const { record } = await runOf();
    const [ours, theirs] = figuresOf(record);
    expect(ours).toMatchObject({ row: 'small: a sum', contender: 'ours', isReference: false });
    expect(ours?.spread).toMatchObject({ median: 10, count: 3 });
    expect(ours?.toReference).toMatchObject({ median: 0.2, min: 10 / 60, max: 0.25 });
    expect(theirs).toMatchObject({ contender: 'theirs', isReference: true });
    expect(theirs?.spread).toMatchObject({ median: 50, min: 40, max: 60 });
    expect(theirs?.toReference).toBeUndefined();
  });

  it.each([
    ['that is nothing', [0, 0.1, 2]],
    ['whose rounds differ much', [1, 2, 19]],
  ])('have no ratio to a reference %s', async (_what, rounds) => {
    let round = 0;
    const { record } = await runOf({}, async (_path, { contender, cases }) => {
      const theirs = cases.includes('small') ? rounds[round] : 50;
      if (contender === 'theirs' && cases.includes('small')) round += 1;
      const figure = contender === 'ours' ? 100 : (theirs ?? 0);
      return Object.fromEntries(cases.map((name) => [name, { '': figure }]));
    });
    const [small, , large] = figuresOf(record);
    expect(small).toMatchObject({ row: 'small', contender: 'ours', toReference: undefined });
    expect(large).toMatchObject({ row: 'large', toReference: { median: 2 } });
  });

  it.each([
    [0.5, 'met'],
    [0.2, 'met'],
    [0.19, 'missed'],
  ])('meet a bar by the median: at most %d is %s', async (limit, outcome) => {
    const { record } = await runOf();
    const bars = BENCH.bars.map((bar) => ({ ...bar, limit }));
    expect(barsOf({ ...record, bars })).toMatchObject([{ figure: 0.2, outcome }]);
  });

  it('leave a bar unmeasured that a contender has failed', async () => {
    const { record } = await runOf();
    const samples = record.samples.filter(({ contender }) => contender !== 'ours');
    const [bar] = barsOf({ ...record, samples });
    expect(bar).toMatchObject({ figure: undefined, outcome: 'not measured' });
  });
});

describe('microReport', () => {
  it('shows bars, workload and table, and links to the raw figures', async () => {
    const { run } = await runOf();
    const report = microReport(run, '../bench/results/made-up.json');
    expect(report).toContain('Raw figures: [made-up.json](../bench/results/made-up.json).');
    expect(report).toContain('1 met, 0 missed, 0 not measured.');
    expect(report.slice(report.indexOf('## Sums'))).toBe(`## Sums

Numbers are added. Source: [sums.bench.ts](../bench/micro/sums.bench.ts).

|              | contender |                  ns |         / reference |
| ------------ | --------- | ------------------: | ------------------: |
| small: a sum | ours      | 10.0 (10.0 to 10.0) | 0.20 (0.17 to 0.25) |
|              | theirs    | 50.0 (40.0 to 60.0) |           reference |
| large: a sum | ours      | 10.0 (10.0 to 10.0) | 0.20 (0.17 to 0.25) |
|              | theirs    | 50.0 (40.0 to 60.0) |           reference |
`);
  });

  it('says what failed, and that a quick run means little', async () => {
    const { run } = await runOf({ quick: true, rounds: 1 }, async () => {
      throw new Error('lost count');
    });
    const report = microReport(run, undefined);
    expect(report).toContain('**Failed:** round 1: ours, small, large: lost count');
    expect(report).toContain('its figures mean little');
    expect(report).toContain('not measured: no round has both');
    expect(report).not.toContain('Raw figures');
  });
});

describe('timing', () => {
  it('checks what every batch gives, synchronous or not', async () => {
    let batches = 0;
    const check = (sum: number): void => expectSame('sum', sum, 4);
    const good = nsPerOperation(
      QUICK,
      10,
      () => {
        batches += 1;
        return batches % 2 === 0 ? 4 : Promise.resolve(4);
      },
      check,
    );
    expect(await good).toBeGreaterThan(0);
    expect(batches).toBeGreaterThan(1);
    await expect(nsPerOperation(QUICK, 10, () => 5, check)).rejects.toThrow('sum: 5, not 4');
  });

  it('sees the memory of what is kept', () => {
    const kept: number[][] = [];
    const bytes = bytesOf(1_000, () => {
      for (let i = 0; i < 1_000; i++) kept.push(new Array<number>(1_000).fill(i));
    });
    expect(kept).toHaveLength(1_000);
    expect(bytes).toBeGreaterThan(4_000);
  });
});

describe('the command', () => {
  const run = (path: string, ...args: string[]): Promise<ChildResult> =>
    runProgram(new URL(`../../bench/${path}`, import.meta.url), args, { deadlineMs: 50_000 });

  it('runs a bench in processes of its own', { timeout: 60_000 }, async () => {
    const { code, stdout } = await run('micro/framing/netstring.bench.ts', '--quick');
    expect(stdout).toContain('NetstringDecoder');
    expect(stdout).not.toContain('**Failed:**');
    expect(code).toBe(0);
  });

  it('refuses names and files that are none', { timeout: 60_000 }, async () => {
    const unknown = await run('run.ts', '--micro', 'nonsense');
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toContain("no micro bench 'nonsense'");
    const other = await run('run.ts', '--micro', '--report', 'package.json');
    expect(other).toMatchObject({ code: 2, stdout: '' });
    expect(other.stderr).toContain('not the result of a run of --micro');
  });
});
