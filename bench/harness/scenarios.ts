// The workloads: what the client does, what is compared, and in which unit.

import type { Mode } from './contenders.js';

interface Described {
  readonly name: string;
  readonly title: string;
  /** What the cost of one unit is, for column heads: `CPU us per message`. */
  readonly costLabel: string;
  /** Connections held or, for churn, under way at once. */
  readonly connections: number;
  /** Bytes of one message. */
  readonly bytes: number;
}

/** Request and response on connections that stay open; the cost is CPU time or median latency. */
export interface EchoScenario extends Described {
  readonly kind: 'echo';
  readonly mode: Extract<Mode, 'echo' | 'lines'>;
  readonly cost: 'cpu' | 'p50';
}

/** Connect, one message, close. */
export interface ChurnScenario extends Described {
  readonly kind: 'churn';
}

/** Memory of connections that rest; each repeat is a fresh process. */
export interface IdleScenario extends Described {
  readonly kind: 'idle';
  readonly repeats: number;
  readonly settleSeconds: number;
}

/** Many connections in one process with traffic on all of them. */
export interface HoldScenario extends Described {
  readonly kind: 'hold';
  readonly trafficSeconds: number;
  readonly settleSeconds: number;
}

export type Scenario = EchoScenario | ChurnScenario | IdleScenario | HoldScenario;

const CPU_PER_MESSAGE = 'CPU us per message';

function echo(name: string, title: string, connections: number, bytes: number): EchoScenario {
  const costLabel = CPU_PER_MESSAGE;
  return { kind: 'echo', mode: 'echo', cost: 'cpu', name, title, costLabel, connections, bytes };
}

/** All scenarios, at full size or small enough for a quick run. Their names are the same. */
export function scenarios(quick: boolean): Scenario[] {
  const many = quick ? 2_000 : 10_000;
  // As many in a quick run too: with fewer, what a process takes once would weigh on each of them.
  const held = 15_000;
  const text = (count: number): string => count.toLocaleString('en');
  return [
    echo('echo-64x50', 'Echo, 64 bytes on 50 connections', 50, 64),
    echo('echo-64x1000', 'Echo, 64 bytes on 1,000 connections', 1_000, 64),
    echo('echo-64x10000', `Echo, 64 bytes on ${text(many)} connections`, many, 64),
    echo('echo-16kx50', 'Echo, 16 KiB on 50 connections', 50, 16_384),
    {
      ...echo('lines', '16 pipelined lines of 64 bytes, one write a line', 50, 1_024),
      mode: 'lines',
      costLabel: 'CPU us per 16 lines',
    },
    {
      kind: 'churn',
      name: 'churn',
      title: 'Connect, echo 64 bytes, close; 50 at once',
      costLabel: 'CPU us per connection',
      connections: 50,
      bytes: 64,
    },
    {
      ...echo('single', 'One connection, 64 bytes, ping-pong', 1, 64),
      cost: 'p50',
      costLabel: 'median latency us',
    },
    {
      kind: 'idle',
      name: 'idle',
      title: `Memory of an idle connection, ${text(held)} of them`,
      costLabel: 'bytes per connection',
      connections: held,
      bytes: 64,
      repeats: quick ? 1 : 3,
      settleSeconds: quick ? 0.4 : 3,
    },
    {
      kind: 'hold',
      name: 'hold',
      title: `${text(held)} connections in one process, traffic on all`,
      costLabel: CPU_PER_MESSAGE,
      connections: held,
      bytes: 64,
      trafficSeconds: quick ? 1 : 5,
      settleSeconds: quick ? 0.4 : 3,
    },
  ];
}
