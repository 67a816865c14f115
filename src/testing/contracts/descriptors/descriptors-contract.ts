/** The contract of {@link ReactorDescriptors}, as cases over fresh reactors. */
import { checkBoolean } from '../../../internal/check.js';
import { checkOptions, type OptionNames } from '../../../internal/options.js';
import type { ContractCase } from '../contract-case.js';
import type { MakeReactorStage } from '../reactor/reactor-stage.js';
import { DescriptorCases } from './descriptor-scene.js';
import { addReadinessCases } from './readiness.js';
import { addRefusedDescriptorCases, addUnsupportedCases } from './refused-descriptors.js';
import { addRemovalCases } from './removal.js';

export interface DescriptorsContractOptions {
  /** Whether the reactor watches descriptors. If not, the cases check that it says so. Default true. */
  readonly supported?: boolean;
}

const OPTIONS: OptionNames<DescriptorsContractOptions> = { supported: true };

/**
 * The rules of `addReader`, `addWriter` and their removal. The cases make FIFOs with the command `mkfifo`, so the system must
 * have them.
 *
 * @param makeStage Called once by each case.
 * @throws InvalidArgumentTypeError
 * @example
 * const makeStage = inRealTime(() => new MyReactor());
 * for (const { name, run } of descriptorsContract(makeStage)) it(name, run);
 */
export function descriptorsContract(
  makeStage: MakeReactorStage,
  options: DescriptorsContractOptions = {},
): ContractCase[] {
  checkOptions('descriptorsContract', options, OPTIONS);
  const contract = new DescriptorCases(makeStage);
  if (checkBoolean('supported', options.supported ?? true)) {
    addReadinessCases(contract);
    addRefusedDescriptorCases(contract);
    addRemovalCases(contract);
  } else {
    addUnsupportedCases(contract);
  }
  return contract.cases;
}
