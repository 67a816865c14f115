/** The contract of {@link ReactorAdoption}, as cases over fresh reactors. */
import type { Reactor } from '../../../core/reactor.js';
import { checkBoolean, checkFunction } from '../../../internal/check.js';
import { checkOptions, type OptionNames } from '../../../internal/options.js';
import type { ContractCase } from '../contract-case.js';
import type { MakeReactorStage } from '../reactor/reactor-stage.js';
import { AdoptionCases } from './adoption-scene.js';
import { addAdoptedConnectionCases } from './connections.js';
import { addAdoptedPortCases } from './ports.js';
import { addRefusedAdoptionCases, addUnsupportedCases } from './refusals.js';

export interface AdoptionContractOptions {
  /** Whether the reactor adopts sockets. If not, the cases check that it says so. Default true. */
  readonly supported?: boolean;
  /** Whether it can duplicate a descriptor, which is the default of `takeOver`. Default true. */
  readonly duplicates?: boolean;
}

const OPTIONS: OptionNames<AdoptionContractOptions> = { supported: true, duplicates: true };

/**
 * The rules of sockets that were opened elsewhere: connections, listening sockets and UDP sockets, and descriptors that are
 * none of these.
 *
 * @param makeStage Called once by each case.
 * @param makeSource Makes the reactor that opens the sockets, which must have `detach` and `sendFileDescriptor`. Each case
 * disposes of it.
 * @throws InvalidArgumentTypeError
 * @example
 * const makeStage = inRealTime(() => new MyReactor());
 * const makeSource = () => createReactor({ kind: 'native' });
 * for (const { name, run } of adoptionContract(makeStage, makeSource)) it(name, run);
 */
export function adoptionContract(
  makeStage: MakeReactorStage,
  makeSource: () => Reactor,
  options: AdoptionContractOptions = {},
): ContractCase[] {
  checkOptions('adoptionContract', options, OPTIONS);
  const supported = checkBoolean('supported', options.supported ?? true);
  const duplicates = checkBoolean('duplicates', options.duplicates ?? true);
  checkFunction('makeSource', makeSource);
  const contract = new AdoptionCases(makeStage, makeSource);
  if (supported) {
    addAdoptedConnectionCases(contract, duplicates);
    addAdoptedPortCases(contract);
    addRefusedAdoptionCases(contract);
  } else {
    addUnsupportedCases(contract);
  }
  return contract.cases;
}
