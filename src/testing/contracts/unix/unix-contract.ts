/** The contract of {@link ReactorUNIX}, as cases over fresh reactors. */
import { checkBoolean } from '../../../internal/check.js';
import { checkOptions, type OptionNames } from '../../../internal/options.js';
import { WINDOWS } from '../../../internal/platform.js';
import type { ContractCase } from '../contract-case.js';
import type { MakeReactorStage } from '../reactor/reactor-stage.js';
import { addUNIXConnectingCases } from './connecting.js';
import { addUNIXFileCases } from './files.js';
import { addUNIXListeningCases } from './listening.js';
import { UNIXCases } from './unix-scene.js';

export interface UNIXContractOptions {
  /** Whether each listening socket has a file. Default: true, on Windows false. Simulated reactors have none. */
  readonly files?: boolean;
}

const OPTIONS: OptionNames<UNIXContractOptions> = { files: true };

/**
 * The rules of UNIX ports, of their files, and of UNIX connectors. The streams also keep
 * `transportContract(pairsOver(makeStage, { via: 'unix' }), { resets: false })`.
 *
 * @param makeStage Called once by each case.
 * @throws InvalidArgumentTypeError
 * @example
 * const makeStage = inRealTime(() => new MyReactor());
 * for (const { name, run } of unixContract(makeStage)) it(name, run);
 */
export function unixContract(
  makeStage: MakeReactorStage,
  options: UNIXContractOptions = {},
): ContractCase[] {
  checkOptions('unixContract', options, OPTIONS);
  const files = checkBoolean('files', options.files ?? !WINDOWS);
  const contract = new UNIXCases(makeStage, files);
  addUNIXListeningCases(contract);
  addUNIXConnectingCases(contract);
  if (files) addUNIXFileCases(contract);
  return contract.cases;
}
