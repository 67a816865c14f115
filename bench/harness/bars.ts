// The bars that this project has set itself for its sockets and workers, and whether a run meets them.

import { type BarLine, outcomeOf } from './markdown-table.js';
import type { RunRecord, ScenarioRecord } from './results.js';
import {
  BASELINE,
  costOf,
  DATAGRAM_BASELINE,
  FLOOR,
  ratioOf,
  userInstructionsOf,
} from './summary.js';

type Measure =
  | { readonly kind: 'ratio'; readonly of: string; readonly to: string }
  | { readonly kind: 'cost'; readonly of: string }
  | { readonly kind: 'userInstructions'; readonly of: string };

export interface Bar {
  readonly scenario: string;
  /** The workload as it is called in the table. */
  readonly workload: string;
  readonly measure: Measure;
  readonly sense: BarLine['sense'];
  readonly limit: number;
}

export interface Verdict {
  readonly bar: Bar;
  readonly figure: number | undefined;
  /** The lowest and highest round. */
  readonly range: readonly [number, number] | undefined;
  readonly outcome: BarLine['outcome'];
  /** Why it was not measured. */
  readonly reason: string;
}

const NATIVE = 'ropewalk-native';

function atMost(scenario: string, workload: string, measure: Measure, limit: number): Bar {
  return { scenario, workload, measure, sense: 'at most', limit };
}

function atLeast(scenario: string, workload: string, measure: Measure, limit: number): Bar {
  return { scenario, workload, measure, sense: 'at least', limit };
}

function ratio(of: string, to: string): Measure {
  return { kind: 'ratio', of, to };
}

const INSTRUCTIONS: Measure = { kind: 'userInstructions', of: NATIVE };

/** What is asked of both TCP and UNIX sockets; the names of the latter's scenarios begin with `unix-`. */
function streamBars(prefix: '' | 'unix-'): Bar[] {
  const over = prefix === '' ? '' : 'UNIX: ';
  const toFloor = ratio(NATIVE, FLOOR);
  const echoes = [50, 1_000, 10_000].flatMap((connections) => {
    const scenario = `${prefix}echo-64x${connections}`;
    const workload = `${over}echo 64 B x ${connections.toLocaleString('en')}`;
    return [
      atMost(scenario, workload, toFloor, 1.06),
      atMost(scenario, workload, INSTRUCTIONS, 1_400),
    ];
  });
  const lines = `${over}16 pipelined lines`;
  const churn = `${over}connect, echo, close`;
  const pureJs = `${over}pure-JS reactor, echo 64 B`;
  return [
    ...echoes,
    atMost(`${prefix}echo-16kx50`, `${over}echo 16 KiB x 50`, toFloor, 1.08),
    atLeast(`${prefix}lines`, lines, ratio(BASELINE, NATIVE), 10),
    atMost(`${prefix}lines`, lines, toFloor, 1.35),
    atMost(`${prefix}churn`, churn, toFloor, 1.1),
    atLeast(`${prefix}churn`, churn, ratio(BASELINE, NATIVE), 2.3),
    atMost(`${prefix}echo-64x50`, pureJs, ratio('ropewalk-node', BASELINE), 1.15),
  ];
}

const TO_DGRAM = ratio(NATIVE, DATAGRAM_BASELINE);
const SCALING = ratio('ropewalk-x1', 'ropewalk-x2');

export const BARS: readonly Bar[] = [
  ...streamBars(''),
  atMost('echo-64x50', 'ropewalk/net, echo 64 B', ratio('ropewalk-net', BASELINE), 0.85),
  atMost('idle', 'idle connection', { kind: 'cost', of: NATIVE }, 900),
  atMost('single', 'one connection, busy poll', ratio('ropewalk-native-busy', BASELINE), 0.2),
  ...streamBars('unix-'),
  atMost('udp-echo-64x50', 'UDP echo 64 B x 50', TO_DGRAM, 0.5),
  atMost('udp-echo-64x1000', 'UDP echo 64 B x 1,000', TO_DGRAM, 0.5),
  atLeast('workers-echo', 'two workers, echo 64 B', SCALING, 1.8),
  atLeast('workers-churn', 'two workers, connections', SCALING, 1.8),
];

/** The bars of the scenarios that were run, each with its figure. */
export function judge(run: RunRecord): Verdict[] {
  const records = new Map(run.scenarios.map((record) => [record.scenario.name, record]));
  const verdicts: Verdict[] = [];
  for (const bar of BARS) {
    const record = records.get(bar.scenario);
    if (record !== undefined) verdicts.push(judgeOne(bar, record, run));
  }
  return verdicts;
}

/** What the bar compares, in words: `CPU of Ropewalk / raw epoll`. */
export function measureText(bar: Bar): string {
  const { measure, scenario } = bar;
  if (measure.kind === 'userInstructions') return 'user instructions per message';
  if (measure.kind === 'cost') return 'bytes of user memory';
  const what = scenario === 'single' ? 'p50' : scenario.startsWith('workers-') ? 'time' : 'CPU';
  return `${what}, ${measure.of} / ${measure.to}`;
}

function judgeOne(bar: Bar, record: ScenarioRecord, run: RunRecord): Verdict {
  const { figure, range } = figureOf(bar.measure, record);
  if (figure === undefined) {
    const reason = whyNone(bar.measure, run);
    return { bar, figure, range, outcome: 'not measured', reason };
  }
  return { bar, figure, range, outcome: outcomeOf(figure, bar.sense, bar.limit), reason: '' };
}

function figureOf(measure: Measure, record: ScenarioRecord): Pick<Verdict, 'figure' | 'range'> {
  if (measure.kind === 'userInstructions') {
    return { figure: userInstructionsOf(record, measure.of), range: undefined };
  }
  const spread =
    measure.kind === 'ratio' ? ratioOf(record, measure.of, measure.to) : costOf(record, measure.of);
  return { figure: spread?.median, range: spread && [spread.min, spread.max] };
}

function whyNone(measure: Measure, run: RunRecord): string {
  const needed = measure.kind === 'ratio' ? [measure.of, measure.to] : [measure.of];
  const missing = needed.filter((name) => !run.contenders.some((one) => one.name === name));
  if (missing.length > 0) return `without ${missing.join(' and ')}`;
  if (measure.kind === 'userInstructions' && run.whyNoInstructions !== '') {
    return 'this machine does not count instructions';
  }
  return 'no good slice';
}
