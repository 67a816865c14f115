/** The contract of {@link ReactorProcesses}, as cases over fresh reactors. They run `/bin/sh`. */
import assert from 'node:assert/strict';

import { UnsupportedError } from '../../../core/errors/reactor.js';
import { checkBoolean } from '../../../internal/check.js';
import { checkOptions, type OptionNames } from '../../../internal/options.js';
import type { ContractCase } from '../contract-case.js';
import type { MakeReactorStage } from '../reactor/reactor-stage.js';
import { SceneCases } from '../scene.js';
import { addEndCases } from './ends.js';
import { addPipeCases } from './pipes.js';
import { ProcessScene } from './process-scene.js';
import { addRefusalCases } from './refusals.js';
import { addSettingCases } from './settings.js';

export interface ProcessContractOptions {
  /** Whether the reactor starts processes. If not, the only case checks that it says so. Default true. */
  readonly supported?: boolean;
}

const OPTIONS: OptionNames<ProcessContractOptions> = { supported: true };

/**
 * The rules of child processes: their pipes, their end, their environment, and programs that cannot be executed.
 *
 * @param makeStage Called once by each case.
 * @throws InvalidArgumentTypeError
 * @example for (const { name, run } of processContract(inRealTime(() => new MyReactor()))) it(name, run);
 */
export function processContract(
  makeStage: MakeReactorStage,
  options: ProcessContractOptions = {},
): ContractCase[] {
  checkOptions('processContract', options, OPTIONS);
  const contract = new SceneCases(makeStage, ProcessScene);
  if (checkBoolean('supported', options.supported ?? true)) {
    addEndCases(contract);
    addPipeCases(contract);
    addSettingCases(contract);
    addRefusalCases(contract);
  } else {
    contract.add('refuses to start processes', (scene) => {
      assert.throws(
        () => scene.reactor.spawnProcess(scene.recorder(), '/bin/sh'),
        (error) => error instanceof UnsupportedError && error.feature === 'spawnProcess',
      );
    });
  }
  return contract.cases;
}
