// Which bars there are, and how figures are judged by them. Figures are made up.

import { describe, expect, it } from 'vitest';
import { BARS, isRatio, judge, measureText } from '../../bench/harness/bars.js';
import { CONTENDERS } from '../../bench/harness/contenders.js';
import { participantsOf } from '../../bench/harness/participants.js';
import { scenarios } from '../../bench/harness/scenarios.js';
import { costOf, floorOf } from '../../bench/harness/summary.js';
import { recordOf, runOf, scenarioNamed } from './made-up-run.js';

describe('the bars', () => {
  it('name scenarios and contenders that there are', () => {
    const known = scenarios(false);
    for (const { scenario: name, measure } of BARS) {
      const scenario = known.find((one) => one.name === name);
      expect(scenario, name).toBeDefined();
      for (const one of 'to' in measure ? [measure.of, measure.to] : [measure.of]) {
        const contender = CONTENDERS.find((other) => other.name === one);
        expect(contender?.serves[scenario?.service ?? 'tcp'], `${one} in ${name}`).toBeDefined();
      }
    }
  });

  it('are stood in by the contenders that they compare', () => {
    for (const { scenario, measure } of BARS) {
      const known = scenarioNamed(scenario);
      const participants = participantsOf(known, CONTENDERS, false).map(({ name }) => name);
      const compared = 'to' in measure ? [measure.of, measure.to] : [measure.of];
      expect(participants, scenario).toEqual(expect.arrayContaining(compared));
      if (measure.kind === 'toFloor') expect(participants).toContain('raw-epoll');
    }
  });

  it('compare short connections with the cheaper of the raw servers', () => {
    const contenders = {
      'raw-epoll': { cpuUsPerMessage: 20 },
      'raw-epoll-batch': { cpuUsPerMessage: 16 },
      'ropewalk-native': { cpuUsPerMessage: 17.6 },
      'ropewalk-native-lent': { cpuUsPerMessage: 18 },
    };
    const record = recordOf('churn', contenders);
    expect(floorOf(record)).toBe('raw-epoll-batch');
    const [lent, given] = judge(runOf(record));
    expect(lent).toMatchObject({ figure: 1.125, outcome: 'missed' });
    expect(given).toMatchObject({ figure: 1.1, outcome: 'met' });
    expect(given && measureText(given.bar)).toBe('CPU, ropewalk-native / raw-epoll');
  });

  it('ask for less of bytes that are given than of those lent', () => {
    const contenders = {
      'raw-epoll': { cpuUsPerMessage: 10 },
      'ropewalk-native': { cpuUsPerMessage: 12 },
      'ropewalk-native-lent': { cpuUsPerMessage: 12 },
    };
    const [lent, given] = judge(runOf(recordOf('echo-16kx50', contenders)));
    expect(lent).toMatchObject({ figure: 1.2, outcome: 'missed' });
    expect(given).toMatchObject({ figure: 1.2, outcome: 'met' });
  });

  it('take the cost of a line in nanoseconds', () => {
    const lines = { messages: 10, cpuNs: 30_000_000, cpuUsPerMessage: 3_000 };
    const record = recordOf('short-lines', { 'ropewalk-native': lines });
    expect(costOf(record, 'ropewalk-native')?.median).toBe(150);
    const verdicts = judge(runOf(record));
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(['not measured', 'met']);
    expect(verdicts[0] && measureText(verdicts[0].bar)).toBe('CPU ns per line');
  });

  it('take the memory of an idle WebSocket beyond that of a bare connection', () => {
    const record = recordOf('ws-idle', {});
    const footprint = (contender: string, round: number, rss: number) => {
      const used = { rss, anonymous: 0, pss: 0 };
      record.footprints.push({ round, contender, before: used, accepted: used, used });
    };
    for (const round of [1, 2]) {
      footprint('ropewalk-native', round, 600 + 100 * round);
      footprint('ropewalk-native-bare', round, 100 + 100 * round);
    }
    const [verdict] = judge(runOf(record));
    expect(verdict).toMatchObject({ figure: 500, range: [500, 500], outcome: 'missed' });
    expect(verdict && isRatio(verdict.bar)).toBe(false);
    expect(verdict && measureText(verdict.bar)).toContain('ropewalk-native-bare');
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
