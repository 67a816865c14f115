// Runs the scenarios of many connections in one fresh process: the memory of idle ones, and traffic on
// all of them. Memory is read as the kernel accounts it, after the process has been quiet for some
// seconds; garbage that the server has not collected by then counts.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Contender, type RunningServer, startServer } from './contenders.js';
import { LoadClient } from './load-client.js';
import { growth, type Memory, memoryOf } from './memory.js';
import { openCommand } from './open-command.js';
import type { Options } from './options.js';
import type { Progress } from './progress.js';
import { emptyRecord, faultOf, type ScenarioRecord } from './results.js';
import type { HoldScenario, IdleScenario } from './scenario-types.js';
import { messageOf } from './slices.js';
import { shuffled } from './statistics.js';

/** A server with its client, for the duration of one `use`. */
interface Fresh {
  readonly server: RunningServer;
  readonly client: LoadClient;
  /** Of the settled process before its first connection. */
  readonly before: Memory;
}

export async function runIdle(
  scenario: IdleScenario,
  contenders: readonly Contender[],
  options: Options,
  random: () => number,
  progress: Progress,
): Promise<ScenarioRecord> {
  const record = emptyRecord(scenario);
  // No round is dropped: each has its own process. They are numbered from 1.
  for (let round = 1; round <= scenario.repeats; round++) {
    for (const contender of shuffled(contenders, random)) {
      const { name } = contender;
      progress.step(scenario.name, `process ${round}/${scenario.repeats}, ${name}`);
      await useFresh(scenario, contender, options, record, async (fresh) => {
        const accepted = await growthAfter(scenario.settleSeconds, scenario.connections, fresh);
        const fault = faultOf(name, await fresh.client.touch());
        if (fault !== undefined) record.failures.push(fault);
        const used = await growthAfter(scenario.restSeconds, scenario.connections, fresh);
        const { before } = fresh;
        record.footprints.push({ round, contender: name, before, accepted, used });
      });
    }
  }
  return record;
}

export async function runHold(
  scenario: HoldScenario,
  contenders: readonly Contender[],
  options: Options,
  progress: Progress,
): Promise<ScenarioRecord> {
  const record = emptyRecord(scenario);
  const { connections, trafficSeconds: seconds } = scenario;
  for (const contender of contenders) {
    const { name } = contender;
    progress.step(scenario.name, name);
    await useFresh(scenario, contender, options, record, async (fresh) => {
      const figures = await fresh.client.measure({ seconds, warmup: options.warmupSeconds });
      const fault = faultOf(name, figures);
      if (fault !== undefined) record.failures.push(fault);
      const used = await growthAfter(scenario.settleSeconds, connections, fresh);
      record.holds.push({ contender: name, connections, used, ...figures });
    });
  }
  return record;
}

async function useFresh(
  scenario: IdleScenario | HoldScenario,
  contender: Contender,
  options: Options,
  record: ScenarioRecord,
  use: (fresh: Fresh) => Promise<void>,
): Promise<void> {
  const client = await LoadClient.start(options.clientCore);
  let server: RunningServer | undefined;
  try {
    server = await startServer(contender, scenario.service, 'idle', { core: options.serverCore });
    await sleep(scenario.settleSeconds * 1_000);
    const before = memoryOf(server.pid);
    await client.open(openCommand(scenario, contender, server));
    await use({ server, client, before });
  } catch (error) {
    record.failures.push(`${contender.name}: ${messageOf(error)}`);
  } finally {
    await client.end();
    await server?.end();
  }
}

async function growthAfter(
  seconds: number,
  connections: number,
  { server, before }: Fresh,
): Promise<Memory> {
  await sleep(seconds * 1_000);
  return growth(before, memoryOf(server.pid), connections);
}
