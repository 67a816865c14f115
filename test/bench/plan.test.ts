// What a run of the socket benches is made of, and what is made of its figures: command line, choice of
// scenarios, contenders, bars, ratios. Figures are made up.

import { existsSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BARS, judge, measureText } from '../../bench/harness/bars.js';
import { CONTENDERS, startServer } from '../../bench/harness/contenders.js';
import type { Figures } from '../../bench/harness/load-client.js';
import { parseOptions, UsageError } from '../../bench/harness/options.js';
import { htmlReport } from '../../bench/harness/report-html.js';
import { markdownReport } from '../../bench/harness/report-markdown.js';
import { emptyRecord, type RunRecord, type ScenarioRecord } from '../../bench/harness/results.js';
import { chooseScenarios, type Scenario, scenarios } from '../../bench/harness/scenarios.js';
import { newSocketPath, removeSocketFolder } from '../../bench/harness/socket-folder.js';
import { aloneOf, baselineOf, summarize } from '../../bench/harness/summary.js';

const MADE_UP: Figures = {
  messages: 1_000,
  elapsedNs: 8_000_000,
  wallNs: 9_000_000,
  cpuNs: 5_000_000,
  cpuUsPerMessage: 5,
  userInstructionsPerMessage: null,
  kernelInstructionsPerMessage: null,
  p50Ns: 100_000,
  p90Ns: 200_000,
  p99Ns: 300_000,
  wrongBytes: 0,
  differentBytes: 0,
  missingBytes: 0,
  surplusBytes: 0,
  lostConnections: 0,
  resent: 0,
  late: 0,
};

function scenarioNamed(name: string): Scenario {
  const [scenario] = chooseScenarios([name], false);
  if (scenario === undefined) throw new Error(`no ${name}`);
  return scenario;
}

/** A record of two rounds and a dropped one; each contender differs from MADE_UP as said. */
function recordOf(name: string, contenders: Record<string, Partial<Figures>>): ScenarioRecord {
  const record = emptyRecord(scenarioNamed(name));
  for (const round of [0, 1, 2]) {
    for (const [contender, figures] of Object.entries(contenders)) {
      record.slices.push({ ...MADE_UP, ...figures, round, contender });
    }
  }
  return record;
}

function runOf(...records: ScenarioRecord[]): RunRecord {
  const names = new Set(records.flatMap(({ slices }) => slices.map((one) => one.contender)));
  return {
    format: 1,
    startedAt: '2026-11-23T00:00:00.000Z',
    quick: false,
    seed: 1,
    rounds: 3,
    warmupSeconds: 0.25,
    measureSeconds: 0.8,
    serverCore: 0,
    clientCore: 1,
    machine: {
      cpu: 'a processor',
      cores: 2,
      memoryGiB: 8,
      kernel: 'Linux',
      virtual: false,
      node: 'v20',
      commit: undefined,
    },
    whyNoInstructions: 'none here',
    contenders: [...names].map((name) => ({ name, title: `the ${name}`, version: '1' })),
    absent: [],
    skipped: [],
    scenarios: records,
  };
}

describe('chooseScenarios', () => {
  it('takes whole names, and what names begin with up to a hyphen, in the order of the list', () => {
    const names = (...only: string[]) => chooseScenarios(only, false).map(({ name }) => name);
    expect(names('churn')).toEqual(['churn']);
    expect(names('udp-echo', 'lines')).toEqual([
      'lines',
      'udp-echo-64x50',
      'udp-echo-64x1000',
      'udp-echo-1000x50',
    ]);
    expect(names('workers')).toEqual(['workers-echo', 'workers-churn']);
    expect(names('echo')).toEqual(['echo-64x50', 'echo-64x1000', 'echo-64x10000', 'echo-16kx50']);
  });

  it('refuses a name that chooses none', () => {
    expect(() => chooseScenarios(['echo-6'], false)).toThrow(UsageError);
    expect(() => chooseScenarios(['udp', 'x'], true)).toThrow("no scenario 'x': echo-64x50");
  });

  it('has all in a full run, fewer in a quick one, and any when it is named', () => {
    expect(chooseScenarios([], false)).toEqual(scenarios(false));
    const quick = chooseScenarios([], true).map(({ name }) => name);
    expect(quick).toEqual(expect.arrayContaining(['unix-echo-64x50', 'udp-echo-64x50', 'hold']));
    expect(quick).not.toContain('udp-sink');
    expect(chooseScenarios(['udp-sink'], true)).toHaveLength(1);
  });

  it('has names that are all different, and the same in quick runs', () => {
    const names = scenarios(false).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(scenarios(true).map(({ name }) => name)).toEqual(names);
  });
});

describe('parseOptions', () => {
  it('reads lists, numbers and what quick runs change', () => {
    const options = parseOptions(['--quick', '--only', 'udp,unix', '--contenders', 'raw-epoll']);
    expect(options).toMatchObject({ quick: true, only: ['udp', 'unix'], rounds: 3 });
    expect(options.contenders).toEqual(['raw-epoll']);
    expect(parseOptions(['--rounds', '9', '--seed', '4'])).toMatchObject({ rounds: 9, seed: 4 });
  });

  it('refuses what it does not know', () => {
    expect(() => parseOptions(['--fast'])).toThrow(UsageError);
    expect(() => parseOptions(['--rounds', '1'])).toThrow('--rounds');
  });
});

describe('the contenders', () => {
  it('serve every scenario: raw C, what Node offers and Ropewalk', () => {
    for (const { service, name } of scenarios(false)) {
      const standing = CONTENDERS.filter((one) => one.serves[service] !== undefined);
      const kinds =
        service === 'workers' ? ['raw-epoll', 'ropewalk'] : ['raw-epoll', 'node', 'ropewalk'];
      for (const kind of kinds) {
        expect(
          standing.some((one) => one.name.startsWith(kind)),
          `${kind} in ${name}`,
        ).toBe(true);
      }
    }
  });

  it('fail clearly for a service that they do not have', async () => {
    const [raw] = CONTENDERS.filter(({ name }) => name === 'node-dgram');
    if (raw === undefined) throw new Error('no node-dgram');
    await expect(startServer(raw, 'unix', 'echo', undefined)).rejects.toThrow(
      'node-dgram does not serve unix',
    );
  });
});

describe('the bars', () => {
  it('name scenarios and contenders that there are', () => {
    const known = scenarios(false);
    for (const { scenario: name, measure } of BARS) {
      const scenario = known.find((one) => one.name === name);
      expect(scenario, name).toBeDefined();
      for (const one of measure.kind === 'ratio' ? [measure.of, measure.to] : [measure.of]) {
        const contender = CONTENDERS.find((other) => other.name === one);
        expect(contender?.serves[scenario?.service ?? 'tcp'], `${one} in ${name}`).toBeDefined();
      }
    }
  });

  it('ask of UNIX sockets what they ask of TCP', () => {
    const limits = (prefix: string) =>
      BARS.filter(({ scenario }) => /^(echo|lines|churn)/.test(scenario.replace(prefix, '')))
        .filter(
          ({ scenario, workload }) => scenario.startsWith(prefix) && !workload.includes('/net'),
        )
        .filter(({ scenario }) => prefix !== '' || !scenario.startsWith('unix-'))
        .map(({ scenario, sense, limit }) => [scenario.replace(prefix, ''), sense, limit]);
    expect(limits('unix-')).toEqual(limits(''));
  });

  it('compare the CPU per datagram with node:dgram', () => {
    const cheap = { 'ropewalk-native': { cpuUsPerMessage: 2 }, 'node-dgram': {} };
    const [met] = judge(runOf(recordOf('udp-echo-64x50', cheap)));
    expect(met).toMatchObject({ figure: 0.4, outcome: 'met' });
    const dear = { 'ropewalk-native': { cpuUsPerMessage: 4 }, 'node-dgram': {} };
    const [missed] = judge(runOf(recordOf('udp-echo-64x50', dear)));
    expect(missed).toMatchObject({ figure: 0.8, outcome: 'missed' });
  });

  it('compare the time of two workers with that of one, whatever CPU it took', () => {
    const workers = {
      'ropewalk-x1': { elapsedNs: 8_000_000, cpuUsPerMessage: 8 },
      'ropewalk-x2': { elapsedNs: 4_000_000, cpuUsPerMessage: 9 },
    };
    const [verdict] = judge(runOf(recordOf('workers-echo', workers)));
    expect(verdict).toMatchObject({ figure: 2, outcome: 'met' });
    expect(verdict && measureText(verdict.bar)).toBe('time, ropewalk-x1 / ropewalk-x2');
  });

  it('say which contender was missing', () => {
    const run = runOf(recordOf('udp-echo-64x50', { 'ropewalk-native': {} }));
    expect(judge(run)[0]).toMatchObject({
      outcome: 'not measured',
      reason: 'without node-dgram',
    });
  });
});

describe('summarize', () => {
  it('takes ratios to raw C and to what Node offers for the same', () => {
    const record = recordOf('udp-echo-64x50', {
      'raw-epoll': { cpuUsPerMessage: 2 },
      'node-dgram': { cpuUsPerMessage: 5 },
      'ropewalk-native': { cpuUsPerMessage: 2.5 },
    });
    expect(baselineOf(record.scenario)).toEqual({ name: 'node-dgram', title: 'node:dgram' });
    const [raw, ropewalk, node] = summarize(runOf(record), record);
    expect(raw).toMatchObject({ name: 'raw-epoll', toFloor: undefined });
    expect(ropewalk?.toFloor?.median).toBe(1.25);
    expect(ropewalk?.toBaseline?.median).toBe(0.5);
    expect(node).toMatchObject({ name: 'node-dgram', toBaseline: undefined });
  });

  it('counts lost exchanges in a thousand, without those that were only late', () => {
    const figures = { resent: 12, late: 2, messages: 64_000 };
    const lostIn = (name: string) => {
      const record = recordOf(name, { 'raw-epoll': figures });
      return summarize(runOf(record), record)[0]?.lost;
    };
    expect(lostIn('udp-sink')).toBe(10);
    expect(lostIn('udp-echo-64x50')).toBe(10 / 64);
    expect(lostIn('echo-64x50')).toBeUndefined();
  });

  it('scales a server of workers by itself with one', () => {
    const record = recordOf('workers-churn', {
      'raw-epoll-x1': { elapsedNs: 30_000_000 },
      'raw-epoll-x2': { elapsedNs: 20_000_000, wallNs: 25_000_000 },
    });
    const [two, one] = summarize(runOf(record), record);
    expect(two).toMatchObject({ cost: { median: 20 }, wallUs: 25, scaling: { median: 1.5 } });
    expect(one?.scaling?.median).toBe(1);
    expect(aloneOf('raw-epoll-x2')).toBe('raw-epoll-x1');
    expect(aloneOf('raw-epoll')).toBeUndefined();
  });
});

describe('the reports', () => {
  const run = runOf(
    recordOf('udp-echo-64x50', { 'node-dgram': {}, 'ropewalk-native': { cpuUsPerMessage: 2 } }),
    recordOf('workers-echo', { 'ropewalk-x1': {}, 'ropewalk-x2': { elapsedNs: 5_000_000 } }),
  );

  it('show ratios to node:dgram, what was lost, and how workers scale', () => {
    const text = markdownReport(run, undefined);
    expect(text).toMatch(/CPU us per datagram .* \/ node:dgram .* lost of 1,000/);
    expect(text).toMatch(/us per message \| +scaling/);
    expect(text).toContain('1.60 (1.60 to 1.60)');
    expect(text).toMatch(/two workers, echo 64 B .* \*\*missed\*\*/);
  });

  it('show the same as a page', () => {
    const page = htmlReport(run, 'run.json');
    expect(page).toContain('<th scope="col">/ node:dgram</th>');
    expect(page).toContain('<th scope="col">scaling</th>');
    expect(page).toContain('class="bar ours"');
    expect(page).toContain('class="bar baseline"');
  });
});

describe('newSocketPath', () => {
  it('gives paths of their own in a folder that can be removed', () => {
    const [one, other] = [newSocketPath(), newSocketPath()];
    expect(other).not.toBe(one);
    expect(dirname(other)).toBe(dirname(one));
    writeFileSync(one, '');
    removeSocketFolder();
    expect(existsSync(dirname(one))).toBe(false);
  });
});
