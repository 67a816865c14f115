// Runs a scenario of traffic: all contenders stay alive, and each round gives each of them one short
// slice, in random order. What drifts in the machine then falls on all alike.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Contender, type RunningServer, startServer } from './contenders.js';
import { type Figures, LoadClient } from './load-client.js';
import { descriptorsOf } from './memory.js';
import type { Options } from './options.js';
import type { Progress } from './progress.js';
import { emptyRecord, faultOf, type ScenarioRecord } from './results.js';
import type { ChurnScenario, EchoScenario } from './scenarios.js';
import { shuffled } from './statistics.js';

interface Running {
  readonly contender: Contender;
  readonly server: RunningServer;
  readonly client: LoadClient;
  readonly descriptors: number;
}

type SlicedScenario = EchoScenario | ChurnScenario;

/** Descriptors that a server may have opened for itself meanwhile. */
const SPARE_DESCRIPTORS = 5;

export async function runSlices(
  scenario: SlicedScenario,
  contenders: readonly Contender[],
  options: Options,
  random: () => number,
  progress: Progress,
): Promise<ScenarioRecord> {
  const record = emptyRecord(scenario);
  let running: Running[] = [];
  for (const contender of contenders) {
    progress.step(scenario.name, `starting ${contender.name}`);
    const started = await start(scenario, contender, options, record);
    if (started !== undefined) running.push(started);
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const one of shuffled(running, random)) {
      progress.step(scenario.name, `round ${round + 1}/${options.rounds}, ${one.contender.name}`);
      const good = await slice(scenario, one, round, options, record);
      if (!good) {
        running = running.filter((other) => other !== one);
        await end(one);
      }
    }
  }
  for (const one of running) {
    if (scenario.kind === 'churn') await checkDescriptors(one, record);
    await end(one);
  }
  return record;
}

async function start(
  scenario: SlicedScenario,
  contender: Contender,
  options: Options,
  record: ScenarioRecord,
): Promise<Running | undefined> {
  const mode = scenario.kind === 'echo' ? scenario.mode : 'echo';
  const client = await LoadClient.start(options.clientCore);
  try {
    const server = await startServer(contender, mode, options.serverCore);
    const started = { contender, server, client, descriptors: descriptorsOf(server.pid) };
    if (scenario.kind === 'echo') await open(scenario, started);
    return started;
  } catch (error) {
    record.failures.push(`${contender.name}: ${messageOf(error)}`);
    await client.end();
    return undefined;
  }
}

async function open(scenario: EchoScenario, { client, server }: Running): Promise<void> {
  await client.open({
    port: server.port,
    pid: server.pid,
    conns: scenario.connections,
    bytes: scenario.bytes,
    shape: scenario.mode === 'lines' ? 'lines' : 'bytes',
  });
}

/** Measures once and records it; false when this contender is to be left out from now on. */
async function slice(
  scenario: SlicedScenario,
  one: Running,
  round: number,
  options: Options,
  record: ScenarioRecord,
): Promise<boolean> {
  const { name } = one.contender;
  try {
    const figures = await measure(scenario, one, options);
    record.slices.push({ round, contender: name, ...figures });
    const fault = faultOf(name, figures);
    if (fault === undefined) return true;
    record.failures.push(`round ${round}: ${fault}`);
  } catch (error) {
    record.failures.push(`round ${round}: ${name}: ${messageOf(error)}`);
  }
  return false;
}

async function measure(
  scenario: SlicedScenario,
  { client, server }: Running,
  options: Options,
): Promise<Figures> {
  const time = { seconds: options.measureSeconds, warmup: options.warmupSeconds };
  if (scenario.kind === 'echo') return client.measure(time);
  const { bytes, connections: concurrency } = scenario;
  return client.churn({ port: server.port, pid: server.pid, concurrency, bytes, ...time });
}

/** A server that does not close what its clients closed would look cheap in churn. */
async function checkDescriptors(one: Running, record: ScenarioRecord): Promise<void> {
  await sleep(300);
  const left = descriptorsOf(one.server.pid) - one.descriptors;
  if (left > SPARE_DESCRIPTORS) {
    record.failures.push(
      `${one.contender.name}: still holds ${left} descriptors of closed clients`,
    );
  }
}

async function end({ client, server }: Running): Promise<void> {
  await Promise.all([client.end(), server.end()]);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
