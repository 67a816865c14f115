// Which contenders take part in which scenario, and why one that should has no figure.

import type { Contender } from './contender.js';
import { CONTENDERS } from './contenders.js';
import type { RunRecord, ScenarioRecord } from './results.js';
import type { Scenario } from './scenario-types.js';
import { costOf } from './summary.js';

/** The only one in `hold`, unless others are asked for. */
const HOLDER = 'ropewalk-native';

/** A contender without a figure. */
export interface Missing {
  readonly name: string;
  readonly title: string;
  readonly reason: string;
}

export function takesPart({ serves, scenarios, except }: Contender, scenario: Scenario): boolean {
  const { service, name } = scenario;
  if (serves[service] === undefined || except?.includes(name)) return false;
  return scenarios === undefined || scenarios.includes(name);
}

/** @param named Whether the contenders were chosen by name. */
export function participantsOf(
  scenario: Scenario,
  contenders: readonly Contender[],
  named: boolean,
): Contender[] {
  const participants = contenders.filter((contender) => takesPart(contender, scenario));
  if (scenario.kind !== 'hold' || named) return participants;
  return participants.filter((contender) => contender.name === HOLDER);
}

/** Every contender of the scenario that a run has no figure of. */
export function missingIn(run: RunRecord, record: ScenarioRecord): Missing[] {
  return participantsOf(record.scenario, CONTENDERS, false)
    .filter(({ name }) => costOf(record, name) === undefined)
    .map((contender) => ({
      name: contender.name,
      title: contender.title,
      reason: whyMissing(contender, run),
    }));
}

function whyMissing({ name, quick }: Contender, run: RunRecord): string {
  const absent = run.absent.find((one) => one.name === name);
  if (absent !== undefined) return absent.reason;
  if (run.contenders.some((one) => one.name === name)) return 'failed: the error is above its plot';
  return run.quick && !quick ? 'not part of a quick run' : 'not selected';
}
