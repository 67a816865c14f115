// The workloads: what the client does, what is compared, and in which unit.

import { idleScenario } from './idle-scenario.js';
import type { Security } from './load-client.js';
import { UsageError } from './options.js';
import type {
  ChurnScenario,
  DatagramScenario,
  EchoScenario,
  Scenario,
  SlicedScenario,
  WorkersScenario,
} from './scenario-types.js';
import {
  agentScenarios,
  http2Scenarios,
  httpScenarios,
  webSocketScenarios,
} from './web-scenarios.js';

type Stream = 'tcp' | 'unix';

const CPU_PER_MESSAGE = 'CPU us per message';
/** As `BURST` of bench/load/contender.mjs. */
const BURST = 64;

function text(count: number): string {
  return count.toLocaleString('en');
}

/** The scenarios that TCP and UNIX sockets have in common. */
function streamScenarios(service: Stream): SlicedScenario[] {
  const tcp = service === 'tcp';
  const prefix = tcp ? '' : 'unix-';
  const over = tcp ? '' : ', over UNIX sockets';
  const echo = (name: string, title: string, connections: number, bytes: number): EchoScenario => ({
    kind: 'echo',
    mode: 'echo',
    cost: 'cpu',
    name: prefix + name,
    title: title + over,
    costLabel: CPU_PER_MESSAGE,
    service,
    quick: (tcp && connections <= 1_000) || name === 'echo-64x50',
    connections,
    bytes,
  });
  return [
    echo('echo-64x50', 'Echo, 64 bytes on 50 connections', 50, 64),
    echo('echo-64x1000', 'Echo, 64 bytes on 1,000 connections', 1_000, 64),
    echo('echo-64x10000', 'Echo, 64 bytes on 10,000 connections', 10_000, 64),
    echo('echo-16kx50', 'Echo, 16 KiB on 50 connections', 50, 16_384),
    {
      ...echo('lines', '16 pipelined lines of 64 bytes, one write a line', 50, 1_024),
      mode: 'lines',
      costLabel: 'CPU us per 16 lines',
    },
    {
      kind: 'churn',
      name: `${prefix}churn`,
      title: `Connect, echo 64 bytes, close; 50 at once${over}`,
      costLabel: 'CPU us per connection',
      service,
      quick: tcp,
      connections: 50,
      bytes: 64,
    },
    ...(tcp ? [shortLines(echo), proxy(echo), socks(echo), single(echo)] : []),
  ];
}

type Echo = (name: string, title: string, connections: number, bytes: number) => EchoScenario;

/** So many lines in one message that their number shows what a write costs when many wait. */
function shortLines(echo: Echo): EchoScenario {
  const lines = 20_000;
  const title = `${text(lines)} pipelined lines of 3 bytes, one write a line, a producer registered`;
  return {
    ...echo('short-lines', title, 4, 3 * lines),
    mode: 'short-lines',
    costLabel: 'CPU ns per line',
    linesPerMessage: lines,
  };
}

function proxy(echo: Echo): EchoScenario {
  return {
    ...echo('proxy-64kx50', 'Proxy, 64 KiB there and back on 50 connections', 50, 65_536),
    service: 'proxy',
    costLabel: 'CPU us per 64 KiB there and back',
  };
}

/** Messages so long that a relay receives as much at a time as it can. */
function socks(echo: Echo): EchoScenario {
  const mebibytes = 8;
  const title = `SOCKS 5 proxy, ${mebibytes} MiB there and back on 4 connections`;
  return {
    ...echo('socks-8mx4', title, 4, mebibytes * 2 ** 20),
    service: 'socks',
    costLabel: `CPU us per ${mebibytes} MiB there and back`,
  };
}

function single(echo: Echo): EchoScenario {
  const scenario = echo('single', 'One connection, 64 bytes, ping-pong', 1, 64);
  return { ...scenario, cost: 'p50', costLabel: 'median latency us' };
}

function heldScenarios(quick: boolean): Scenario[] {
  const connections = 15_000;
  return [
    idleScenario('idle', 'connection', 'tcp', quick),
    {
      kind: 'hold',
      service: 'tcp',
      quick: true,
      bytes: 64,
      name: 'hold',
      title: `${text(connections)} connections in one process, traffic on all`,
      connections,
      costLabel: CPU_PER_MESSAGE,
      trafficSeconds: quick ? 1 : 5,
      settleSeconds: quick ? 0.4 : 2,
    },
  ];
}

function tlsScenarios(quick: boolean): Scenario[] {
  const echo = (name: string, size: string, bytes: number): EchoScenario => ({
    kind: 'echo',
    mode: 'echo',
    cost: 'cpu',
    name,
    title: `TLS 1.3 echo, ${size} on 50 connections`,
    costLabel: CPU_PER_MESSAGE,
    service: 'tls',
    quick: true,
    connections: 50,
    bytes,
    tls: 'full',
  });
  const handshake = (name: string, title: string, tls: Security): ChurnScenario => ({
    kind: 'churn',
    name,
    title: `${title}, echo 64 bytes, close; 50 at once`,
    costLabel: 'CPU us per connection',
    service: 'tls',
    quick: true,
    connections: 50,
    bytes: 64,
    tls,
  });
  return [
    echo('tls-echo-1kx50', '1 KiB', 1_024),
    echo('tls-echo-16kx50', '16 KiB', 16_384),
    handshake('tls-handshake-full', 'TLS 1.3 handshake (ECDSA P-256)', 'full'),
    handshake('tls-handshake-resumed', 'TLS 1.3 handshake, resumed', 'resumed'),
    // Handshakes take so long that 15,000 would take a minute.
    { ...idleScenario('tls-idle', 'TLS connection', 'tls', quick, 4_000), tls: 'full' },
  ];
}

function datagramScenarios(): DatagramScenario[] {
  const echo = (connections: number, bytes: number): DatagramScenario => ({
    kind: 'datagrams',
    mode: 'echo',
    name: `udp-echo-${bytes}x${connections}`,
    title: `UDP echo, ${text(bytes)} bytes, ${text(connections)} peers`,
    costLabel: 'CPU us per datagram',
    service: 'udp',
    quick: connections === 50 && bytes === 64,
    connections,
    bytes,
    out: 1,
    back: 1,
  });
  const bulk = echo(8, 1_200);
  return [
    echo(50, 64),
    echo(1_000, 64),
    echo(50, 1_000),
    {
      ...bulk,
      name: 'udp-sink',
      title: `UDP to the server, 1,200 bytes, each ${BURST}th answered, 8 peers`,
      mode: 'sink',
      out: BURST,
    },
    {
      ...bulk,
      name: 'udp-source',
      title: `UDP from the server, 1,200 bytes, ${BURST} for each request, 8 peers`,
      mode: 'source',
      back: BURST,
    },
  ];
}

function workersScenarios(): WorkersScenario[] {
  const many = 10_000;
  // So many that a turn takes long beside the client's glances, and that they fit into listen queues
  // of 4,096.
  const fresh = 3_000;
  const common = { kind: 'workers', service: 'workers', bytes: 64 } as const;
  return [
    {
      ...common,
      act: 'echo',
      name: 'workers-echo',
      title: `One worker and two: echo, 64 bytes on ${text(many)} connections`,
      costLabel: 'us per message',
      quick: true,
      connections: many,
    },
    {
      ...common,
      act: 'churn',
      name: 'workers-churn',
      title: `One worker and two: connect, echo 64 bytes, close; ${text(fresh)} at once`,
      costLabel: 'us per connection',
      quick: false,
      connections: fresh,
    },
  ];
}

/** All scenarios. A quick run measures for a shorter time, with as many connections and bytes as the names say. */
export function scenarios(quick: boolean): Scenario[] {
  return [
    ...streamScenarios('tcp'),
    ...heldScenarios(quick),
    ...tlsScenarios(quick),
    ...httpScenarios(quick),
    ...http2Scenarios(quick),
    ...agentScenarios(),
    ...webSocketScenarios(quick),
    ...streamScenarios('unix'),
    ...datagramScenarios(),
    ...workersScenarios(),
  ];
}

/**
 * Those that `names` choose: each is a scenario's name, or the beginning of some up to a hyphen
 * (`udp`, `unix-echo`). Without names all, but in a quick run those that are part of it.
 * @throws UsageError for a name that chooses none; the message lists what there is.
 */
export function chooseScenarios(names: readonly string[], quick: boolean): Scenario[] {
  const all = scenarios(quick);
  if (names.length === 0) return all.filter((scenario) => scenario.quick || !quick);
  const chosenBy = (name: string, scenario: Scenario): boolean =>
    scenario.name === name || scenario.name.startsWith(`${name}-`);
  for (const name of names) {
    if (!all.some((scenario) => chosenBy(name, scenario))) {
      const known = all.map((scenario) => scenario.name).join(', ');
      throw new UsageError(`no scenario '${name}': ${known}`);
    }
  }
  return all.filter((scenario) => names.some((name) => chosenBy(name, scenario)));
}
