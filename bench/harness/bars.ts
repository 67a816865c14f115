// The performance goals (bars) of this project for sockets and workers, and whether a run meets them.

import { type BarLine, outcomeOf } from './markdown-table.js';
import type { RunRecord, ScenarioRecord } from './results.js';
import type { Spread } from './statistics.js';
import {
  AGENT_BASELINE,
  BASELINE,
  costOf,
  DATAGRAM_BASELINE,
  excessOf,
  FLOOR,
  floorOf,
  HTTP_BASELINE,
  HTTP2_BASELINE,
  ratioOf,
  TLS_BASELINE,
} from './summary.js';

type Measure =
  | { readonly kind: 'ratio'; readonly of: string; readonly to: string }
  /** Ratio to the cheaper raw server. */
  | { readonly kind: 'toFloor'; readonly of: string }
  | { readonly kind: 'cost'; readonly of: string }
  /** Cost in excess of another's. */
  | { readonly kind: 'excess'; readonly of: string; readonly to: string };

export interface Bar {
  readonly scenario: string;
  /** The workload's name in the table. */
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

/** The default: bytes are given. */
const GIVEN = 'ropewalk-native';
const LENT = 'ropewalk-native-lent';
const NODE = 'ropewalk-node';
const BARE = 'ropewalk-native-bare';

function atMost(scenario: string, workload: string, measure: Measure, limit: number): Bar {
  return { scenario, workload, measure, sense: 'at most', limit };
}

function atLeast(scenario: string, workload: string, measure: Measure, limit: number): Bar {
  return { scenario, workload, measure, sense: 'at least', limit };
}

function ratio(of: string, to: string): Measure {
  return { kind: 'ratio', of, to };
}

function toFloor(of: string): Measure {
  return { kind: 'toFloor', of };
}

function cost(of: string): Measure {
  return { kind: 'cost', of };
}

/** Of an idle connection, beyond that of TCP. */
function excess(of: string): Measure {
  return { kind: 'excess', of, to: BARE };
}

function toTLSFloor(of: string): Measure {
  return ratio(of, TLS_FLOOR);
}

/** The same workload with lent and with given bytes. */
function both(
  scenario: string,
  workload: string,
  measure: (of: string) => Measure,
  lent: number,
  given: number,
): Bar[] {
  return [
    atMost(scenario, `${workload}, lent`, measure(LENT), lent),
    atMost(scenario, `${workload}, given`, measure(GIVEN), given),
  ];
}

const TO_TLS = ratio(GIVEN, TLS_BASELINE);
/** The native engine without JavaScript: no reactor can be below it. */
const TLS_FLOOR = 'raw-epoll-tls';
const NODE_ENGINE_TO_TLS = ratio('ropewalk-node-tls', TLS_BASELINE);
/** The cheapest stream that `node:tls` accepts. */
const NODE_ENGINE_TO_STREAM = ratio('ropewalk-native-node-tls', 'node-tls-stream');
const TO_DGRAM = ratio(GIVEN, DATAGRAM_BASELINE);
const TO_UWS = ratio(GIVEN, 'uws');
const NODE_TO_HTTP = ratio(NODE, HTTP_BASELINE);
const TO_HTTP = ratio(GIVEN, HTTP_BASELINE);
const TO_HTTP2 = ratio(GIVEN, HTTP2_BASELINE);
const TO_UNDICI = ratio(GIVEN, AGENT_BASELINE);
const SCALING = ratio('ropewalk-x1', 'ropewalk-x2');

export const BARS: readonly Bar[] = [
  ...both('echo-64x50', 'echo 64 B x 50', toFloor, 1.05, 1.15),
  ...both('echo-64x1000', 'echo 64 B x 1,000', toFloor, 1.05, 1.15),
  ...both('echo-64x10000', 'echo 64 B x 10,000', toFloor, 1.05, 1.15),
  ...both('echo-16kx50', 'echo 16 KiB x 50', toFloor, 1.1, 1.4),
  atMost('lines', '16 pipelined lines, lent', toFloor(LENT), 1.3),
  atLeast('lines', '16 pipelined lines, lent', ratio(BASELINE, LENT), 10),
  ...both('short-lines', '3-byte lines, producer', cost, 160, 160),
  atMost('echo-16kx50', 'echo 16 KiB x 50, given', ratio(GIVEN, BASELINE), 1),
  atMost('echo-64x50', 'echo 64 B x 50, metrics off', ratio(`${GIVEN}-metrics-off`, GIVEN), 1.03),
  atMost('echo-64x50', 'echo 64 B x 50, metrics on', ratio(`${GIVEN}-metrics`, GIVEN), 1.03),
  atMost('proxy-64kx50', 'proxy 64 KiB, lent', toFloor(LENT), 1.15),
  atMost('proxy-64kx50', 'proxy 64 KiB, given', ratio(GIVEN, BASELINE), 1),
  atMost('socks-8mx4', 'SOCKS relay of 8 MiB', ratio(GIVEN, BASELINE), 0.7),
  ...both('churn', 'connect, echo, close', toFloor, 1.1, 1.1),
  ...both('idle', 'idle connection', cost, 300, 300),
  atMost(
    'single',
    'one connection, busy poll',
    ratio('ropewalk-native-busy', 'raw-epoll-busy'),
    1.1,
  ),
  atMost('unix-echo-64x50', 'UNIX: echo 64 B x 50, lent', toFloor(LENT), 1.1),
  atMost('echo-64x50', 'pure-JS reactor, echo 64 B', ratio('ropewalk-node', BASELINE), 1),
  atMost('tls-echo-1kx50', 'TLS echo 1 KiB x 50', TO_TLS, 0.6),
  atMost('tls-echo-16kx50', 'TLS echo 16 KiB x 50', TO_TLS, 0.6),
  ...both('tls-echo-1kx50', 'TLS echo 1 KiB x 50', toTLSFloor, 1.1, 1.2),
  ...both('tls-echo-16kx50', 'TLS echo 16 KiB x 50', toTLSFloor, 1.1, 1.4),
  atMost('tls-echo-1kx50', "TLS echo 1 KiB x 50, Node's engine", NODE_ENGINE_TO_TLS, 1.1),
  atMost('tls-echo-16kx50', "TLS echo 16 KiB x 50, Node's engine", NODE_ENGINE_TO_TLS, 1.1),
  atMost('tls-echo-1kx50', "1 KiB, Node's engine above a transport", NODE_ENGINE_TO_STREAM, 1.2),
  atMost('tls-echo-16kx50', "16 KiB, Node's engine above a transport", NODE_ENGINE_TO_STREAM, 1.2),
  atMost('tls-handshake-full', 'TLS handshake', TO_TLS, 0.8),
  atMost('tls-handshake-resumed', 'TLS handshake, resumed', TO_TLS, 0.8),
  atMost('tls-idle', 'idle TLS connection', cost(GIVEN), 10 * 1_024),
  atMost('tls-idle', 'idle TLS connection', TO_TLS, 1 / 3),
  atMost('http-hello-50', 'HTTP hello x 50', TO_UWS, 1),
  atMost('http-hello-1000', 'HTTP hello x 1,000', TO_UWS, 1),
  atMost('http-pipelined', '16 pipelined requests', TO_UWS, 1),
  atMost('http-post', 'POST of 1 KiB of JSON', TO_UWS, 1.05),
  atMost('http-file-100k', 'static file of 100 KiB', ratio(GIVEN, 'nginx'), 1.5),
  atMost('http-express', 'Express on the facade of node:http', TO_HTTP, 0.75),
  atMost('http-fastify', 'Fastify on the facade of node:http', TO_HTTP, 0.75),
  atMost('http-hello-50', 'pure-JS reactor, HTTP hello x 50', NODE_TO_HTTP, 1),
  atMost('http-hello-1000', 'pure-JS reactor, HTTP hello x 1,000', NODE_TO_HTTP, 1),
  atMost('http-pipelined', 'pure-JS reactor, 16 pipelined', NODE_TO_HTTP, 1),
  atMost('http-post', 'pure-JS reactor, POST', NODE_TO_HTTP, 1),
  atMost('http-file-100k', 'pure-JS reactor, static file', NODE_TO_HTTP, 1),
  atMost('http-hello-50', 'tree of resources, HTTP hello', ratio(`${GIVEN}-site`, GIVEN), 1.15),
  atMost('http-proxy-hello', 'reverse proxy, 13 bytes', ratio(GIVEN, 'nginx'), 1.5),
  atMost('http-proxy-64k', 'reverse proxy, 64 KiB', ratio(GIVEN, 'nginx'), 1.3),
  atMost('http-idle', 'idle keep-alive connection', excess(GIVEN), 700),
  atMost('agent-get-50', 'HTTP client, GET x 50', TO_UNDICI, 0.8),
  atMost('agent-download-1m', 'HTTP client, download of 1 MiB', TO_UNDICI, 0.8),
  atMost('http2-hello-100', 'HTTP/2 hello, 100 streams', TO_HTTP2, 0.5),
  atMost('http2-hello-100', 'HTTP/2 hello, 100 streams', ratio(GIVEN, 'nghttpd'), 1.5),
  atMost('http2-idle', 'idle HTTP/2 connection', TO_HTTP2, 1 / 3),
  atMost('ws-echo-64', 'WebSocket echo 64 B, text', TO_UWS, 1),
  atMost('ws-echo-16k', 'WebSocket echo 16 KiB, text', TO_UWS, 1),
  atMost('ws-echo-64-binary', 'WebSocket echo 64 B, binary', TO_UWS, 1),
  atMost('ws-echo-16k-binary', 'WebSocket echo 16 KiB, binary', TO_UWS, 1),
  atMost('ws-broadcast', 'message to 5,000 subscribers', TO_UWS, 1.1),
  atMost('ws-idle', 'idle WebSocket', excess(GIVEN), 400),
  atMost('udp-echo-64x50', 'UDP echo 64 B x 50', TO_DGRAM, 0.5),
  atMost('udp-echo-64x1000', 'UDP echo 64 B x 1,000', TO_DGRAM, 0.5),
  atLeast('workers-echo', 'two workers, echo 64 B', SCALING, 1.8),
  atLeast('workers-churn', 'two workers, connections', SCALING, 1.8),
];

/** The bars of the scenarios of a run, each with its figure. */
export function judge(run: RunRecord): Verdict[] {
  const records = new Map(run.scenarios.map((record) => [record.scenario.name, record]));
  const verdicts: Verdict[] = [];
  for (const bar of BARS) {
    const record = records.get(bar.scenario);
    if (record !== undefined) verdicts.push(judgeOne(bar, record, run));
  }
  return verdicts;
}

/** Costs other than CPU time, by scenario. */
const WHAT: readonly (readonly [RegExp, string])[] = [
  [/^single$/, 'p50'],
  [/^workers-/, 'time'],
  [/idle$/, 'user memory'],
];

/** Whether the bar's figure is a ratio, not an amount. */
export function isRatio({ measure: { kind } }: Bar): boolean {
  return kind === 'ratio' || kind === 'toFloor';
}

/** What the bar compares, in words: `CPU, ropewalk-native / node-net`. */
export function measureText({ measure, scenario }: Bar): string {
  if (measure.kind === 'excess') return `bytes of user memory beyond ${measure.to}`;
  if (measure.kind === 'cost') {
    return scenario.endsWith('idle') ? 'bytes of user memory' : 'CPU ns per line';
  }
  const what = WHAT.find(([pattern]) => pattern.test(scenario))?.[1] ?? 'CPU';
  return `${what}, ${measure.of} / ${measure.kind === 'ratio' ? measure.to : FLOOR}`;
}

function judgeOne(bar: Bar, record: ScenarioRecord, run: RunRecord): Verdict {
  const spread = spreadOfMeasure(bar.measure, record);
  if (spread === undefined) {
    const reason = whyNone(bar.measure, run);
    return { bar, figure: undefined, range: undefined, outcome: 'not measured', reason };
  }
  const { median: figure, min, max } = spread;
  const outcome = outcomeOf(figure, bar.sense, bar.limit);
  return { bar, figure, range: [min, max], outcome, reason: '' };
}

function spreadOfMeasure(measure: Measure, record: ScenarioRecord): Spread | undefined {
  if (measure.kind === 'cost') return costOf(record, measure.of);
  if (measure.kind === 'excess') return excessOf(record, measure.of, measure.to);
  const to = measure.kind === 'ratio' ? measure.to : floorOf(record);
  return to === undefined ? undefined : ratioOf(record, measure.of, to);
}

function whyNone(measure: Measure, run: RunRecord): string {
  const needed = 'to' in measure ? [measure.of, measure.to] : [measure.of];
  const missing = needed.filter((name) => !run.contenders.some((one) => one.name === name));
  return missing.length > 0 ? `without ${missing.join(' and ')}` : 'no good slice';
}
