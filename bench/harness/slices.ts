// Runs a scenario of traffic: all contenders stay alive, and each round gives each of them one short
// slice, in random order. Drift of the machine then affects all equally.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from './contender.js';
import { type RunningServer, startServer } from './contender-process.js';
import { type Figures, LoadClient } from './load-client.js';
import { descriptorsOf } from './memory.js';
import { openCommand } from './open-command.js';
import type { Options } from './options.js';
import type { Progress } from './progress.js';
import { emptyRecord, faultOf, type ScenarioRecord } from './results.js';
import type { SlicedScenario } from './scenario-types.js';
import { FILE_NAME, siteFolder } from './site-folder.js';
import { shuffled } from './statistics.js';

/** A server with its client, and with open connections unless the scenario makes them itself. */
export interface Running {
  readonly contender: Contender;
  readonly server: RunningServer;
  readonly client: LoadClient;
  readonly descriptors: number;
}

/** Descriptors that a server may have opened for its own use meanwhile. */
const SPARE_DESCRIPTORS = 5;
/** Traffic before the first slice, until V8 has optimized the code of an HTTP client, which also a proxy has. */
const CLIENT_WARMUP_SECONDS = 4;

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
    try {
      running.push(await startTraffic(scenario, contender, options));
    } catch (error) {
      record.failures.push(`${contender.name}: ${messageOf(error)}`);
    }
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const one of shuffled(running, random)) {
      progress.step(scenario.name, `round ${round + 1}/${options.rounds}, ${one.contender.name}`);
      const good = await slice(scenario, one, round, options, record);
      if (!good) {
        running = running.filter((other) => other !== one);
        await endTraffic(one);
      }
    }
  }
  for (const one of running) {
    if (isChurn(scenario)) await checkDescriptors(one, record);
    await endTraffic(one);
  }
  return record;
}

/** Starts both, `nodeFlags` given to Node where the server is a program of it. @throws Error when one can't. */
export async function startTraffic(
  scenario: SlicedScenario,
  contender: Contender,
  options: Options,
  nodeFlags: readonly string[] = [],
): Promise<Running> {
  const { kind, service } = scenario;
  const mode = 'mode' in scenario ? scenario.mode : 'echo';
  // Several workers may use all cores: the client sleeps while they work.
  const turns = kind === 'workers';
  const client = await LoadClient.start(turns ? undefined : options.clientCore);
  let server: RunningServer | undefined;
  try {
    const proxies = service === 'proxy' || service === 'socks';
    const core = turns ? undefined : options.serverCore;
    const hasFile = kind === 'file' || kind === 'orders';
    const root = hasFile ? siteFolder(scenario.bytes) : undefined;
    const asksHTTP = service === 'http-proxy' || service === 'agent';
    const file = asksHTTP && root !== undefined ? join(root, FILE_NAME) : undefined;
    const target = proxies || asksHTTP ? await client.serve(scenario.bytes, file) : undefined;
    server = await startServer(contender, service, mode, {
      core,
      target,
      root: service === 'http-proxy' ? undefined : root,
      nodeFlags,
    });
    const started = { contender, server, client, descriptors: descriptorsOf(server.pid) };
    if (!isChurn(scenario)) await client.open(openCommand(scenario, contender, server, target));
    if (asksHTTP) await client.measure({ seconds: 0, warmup: CLIENT_WARMUP_SECONDS });
    return started;
  } catch (error) {
    await client.end();
    await server?.end();
    throw error;
  }
}

function isChurn(scenario: SlicedScenario): boolean {
  return scenario.kind === 'churn' || (scenario.kind === 'workers' && scenario.act === 'churn');
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
    const figures = await measureTraffic(scenario, one, options);
    record.slices.push({ round, contender: name, ...figures });
    const fault = faultOf(name, figures);
    if (fault === undefined) return true;
    record.failures.push(`round ${round}: ${fault}`);
  } catch (error) {
    record.failures.push(`round ${round}: ${name}: ${messageOf(error)}`);
  }
  return false;
}

export async function measureTraffic(
  scenario: SlicedScenario,
  { client, server }: Running,
  options: Pick<Options, 'measureSeconds' | 'warmupSeconds'>,
): Promise<Figures> {
  const time = { seconds: options.measureSeconds, warmup: options.warmupSeconds };
  if (!isChurn(scenario)) return client.measure(time);
  const { kind, bytes, connections: concurrency, tls } = scenario;
  const load = kind === 'workers' ? 'turns' : 'stream';
  const command = {
    where: server.where,
    pid: server.pid,
    concurrency,
    bytes,
    load,
    ...time,
  } as const;
  return client.churn(tls === undefined ? command : { ...command, tls });
}

/** A server that never closes its connections would look cheap in churn. */
async function checkDescriptors(one: Running, record: ScenarioRecord): Promise<void> {
  await sleep(300);
  const left = descriptorsOf(one.server.pid) - one.descriptors;
  if (left > SPARE_DESCRIPTORS) {
    record.failures.push(
      `${one.contender.name}: still holds ${left} descriptors of closed clients`,
    );
  }
}

export async function endTraffic({ client, server }: Running): Promise<void> {
  await Promise.all([client.end(), server.end()]);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
