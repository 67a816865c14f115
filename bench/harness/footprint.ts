// Runs the scenarios of many connections in one fresh process: the memory of idle ones, and traffic on
// all of them. Memory is read as the kernel accounts it. Idle servers collect their garbage before they are read: the
// young generation of V8 takes 0.3 to 48 MB after a burst of connections, by the garbage of the last second and
// by whether V8 has compacted the heap since, not by the number of connections.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from './contender.js';
import { type RunningServer, startServer } from './contender-process.js';
import { LoadClient } from './load-client.js';
import { growth, type Memory, memoryOf } from './memory.js';
import { openCommand } from './open-command.js';
import type { Options } from './options.js';
import type { Progress } from './progress.js';
import { emptyRecord, faultOf, type ScenarioRecord } from './results.js';
import type { HoldScenario, IdleScenario } from './scenario-types.js';
import { messageOf } from './slices.js';
import { shuffled } from './statistics.js';

/** A server of its own with its client, and with the earlier connections. */
interface Fresh {
  readonly contender: Contender;
  readonly server: RunningServer;
  readonly client: LoadClient;
  /** Holds the earlier connections. */
  readonly earlier: LoadClient | undefined;
}

/** The connections of all contenders rest at the same time. */
export async function runIdle(
  scenario: IdleScenario,
  contenders: readonly Contender[],
  options: Options,
  random: () => number,
  progress: Progress,
): Promise<ScenarioRecord> {
  const record = emptyRecord(scenario);
  // No round is dropped: each has its own processes. They are numbered from 1.
  for (let round = 1; round <= scenario.repeats; round++) {
    const started: Fresh[] = [];
    const resting: { readonly fresh: Fresh; readonly before: Memory; readonly accepted: Memory }[] =
      [];
    try {
      for (const contender of shuffled(contenders, random)) {
        const { name } = contender;
        progress.step(scenario.name, `process ${round}/${scenario.repeats}, ${name}`);
        const fresh = await startFresh(scenario, contender, options, record);
        if (fresh === undefined) continue;
        started.push(fresh);
        try {
          const before = await collectedMemoryOf(fresh, scenario);
          await fresh.client.open(openCommand(scenario, contender, fresh.server));
          await sleep(scenario.settleSeconds * 1_000);
          resting.push({ fresh, before, accepted: growthOf(fresh, before, scenario) });
          const fault = faultOf(name, await fresh.client.touch());
          if (fault !== undefined) record.failures.push(fault);
        } catch (error) {
          record.failures.push(`${name}: ${messageOf(error)}`);
        }
      }
      progress.step(scenario.name, 'resting');
      await sleep(scenario.restSeconds * 1_000);
      for (const { fresh, before, accepted } of resting) {
        const { name: contender } = fresh.contender;
        const rested = growthOf(fresh, before, scenario);
        try {
          const after = await collectedMemoryOf(fresh, scenario);
          const used = growth(before, after, scenario.connections);
          record.footprints.push({ round, contender, before, accepted, rested, used });
        } catch (error) {
          record.failures.push(`${contender}: ${messageOf(error)}`);
        }
      }
    } finally {
      for (const fresh of started) await closeFresh(fresh);
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
    const fresh = await startFresh(scenario, contender, options, record);
    if (fresh === undefined) continue;
    try {
      const before = memoryOf(fresh.server.pid);
      await fresh.client.open(openCommand(scenario, contender, fresh.server));
      const figures = await fresh.client.measure({ seconds, warmup: options.warmupSeconds });
      const fault = faultOf(name, figures);
      if (fault !== undefined) record.failures.push(fault);
      await sleep(scenario.settleSeconds * 1_000);
      record.holds.push({
        contender: name,
        connections,
        used: growthOf(fresh, before, scenario),
        ...figures,
      });
    } catch (error) {
      record.failures.push(`${name}: ${messageOf(error)}`);
    } finally {
      await closeFresh(fresh);
    }
  }
  return record;
}

/** Undefined if it failed, which the record then says. */
async function startFresh(
  scenario: IdleScenario | HoldScenario,
  contender: Contender,
  options: Options,
  record: ScenarioRecord,
): Promise<Fresh | undefined> {
  const client = await LoadClient.start(options.clientCore);
  const conns = scenario.kind === 'idle' ? scenario.earlierConnections : 0;
  const earlier = conns > 0 ? await LoadClient.start(options.clientCore) : undefined;
  let server: RunningServer | undefined;
  try {
    server = await startServer(contender, scenario.service, 'idle', { core: options.serverCore });
    if (earlier !== undefined) {
      await earlier.open({ ...openCommand(scenario, contender, server), conns });
      await earlier.touch();
    }
    await sleep(scenario.settleSeconds * 1_000);
    return { contender, server, client, earlier };
  } catch (error) {
    record.failures.push(`${contender.name}: ${messageOf(error)}`);
    await client.end();
    await earlier?.end();
    await server?.end();
    return undefined;
  }
}

/** After a collection of garbage, and time to give memory back. */
async function collectedMemoryOf({ server }: Fresh, scenario: IdleScenario): Promise<Memory> {
  await server.collect();
  await sleep(scenario.settleSeconds * 1_000);
  return memoryOf(server.pid);
}

async function closeFresh({ client, earlier, server }: Fresh): Promise<void> {
  await client.end();
  await earlier?.end();
  await server.end();
}

/** The growth for each connection of `client`. */
function growthOf(
  { server }: Fresh,
  before: Memory,
  { connections }: IdleScenario | HoldScenario,
): Memory {
  return growth(before, memoryOf(server.pid), connections);
}
