/** The contract of {@link ReactorPipes}, as cases over fresh reactors. */
import { checkBoolean } from '../../../internal/check.js';
import { checkOptions, type OptionNames } from '../../../internal/options.js';
import type { ContractCase } from '../contract-case.js';
import type { MakeReactorStage } from '../reactor/reactor-stage.js';
import { addFileCases } from './files.js';
import { PipeCases } from './pipe-scene.js';
import { addReceivingCases } from './receiving.js';
import { addRefusedPipeCases, addUnsupportedPipeCases } from './refusals.js';
import { addSendingCases } from './sending.js';

export interface PipeContractOptions {
  /** Whether the reactor adopts pipes. If not, the case checks that it says so. Default true. */
  readonly supported?: boolean;
  /** Whether a transport that only writes notices that its reader is gone without writing. Default true. */
  readonly noticesReaders?: boolean;
}

const OPTIONS: OptionNames<PipeContractOptions> = { supported: true, noticesReaders: true };

/**
 * The rules of transports over pipes: input, output, the end of either, and descriptors that are not pipes. Pipes are made by
 * mkfifo(1), so the cases run on POSIX systems only.
 *
 * @param makeStage Called once by each case.
 * @throws InvalidArgumentTypeError
 * @example
 * const makeStage = inRealTime(() => new MyReactor());
 * for (const { name, run } of pipeContract(makeStage)) it(name, run);
 */
export function pipeContract(
  makeStage: MakeReactorStage,
  options: PipeContractOptions = {},
): ContractCase[] {
  checkOptions('pipeContract', options, OPTIONS);
  const supported = checkBoolean('supported', options.supported ?? true);
  const noticesReaders = checkBoolean('noticesReaders', options.noticesReaders ?? true);
  const contract = new PipeCases(makeStage);
  if (supported) {
    addReceivingCases(contract);
    addSendingCases(contract, noticesReaders);
    addFileCases(contract);
    addRefusedPipeCases(contract);
  } else {
    addUnsupportedPipeCases(contract);
  }
  return contract.cases;
}
