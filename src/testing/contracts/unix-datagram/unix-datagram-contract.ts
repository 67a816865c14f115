/** The contract of {@link ReactorUNIXDatagram}, as cases over fresh reactors. */
import assert from 'node:assert/strict';

import { UnsupportedError } from '../../../core/errors/reactor.js';
import { checkBoolean } from '../../../internal/check.js';
import { checkOptions, type OptionNames } from '../../../internal/options.js';
import type { ContractCase } from '../contract-case.js';
import type { MakeReactorStage } from '../reactor/reactor-stage.js';
import { addUNIXDatagramListeningCases } from './listening.js';
import { addUNIXDatagramSendingCases } from './sending.js';
import { UNIXDatagramCases } from './unix-datagram-scene.js';

export interface UNIXDatagramContractOptions {
  /** Whether the reactor has UNIX datagram sockets. If not, the cases check that it says so. Default true. */
  readonly supported?: boolean;
  /** Whether each socket with a path has a file. Default true. Simulated reactors have none. */
  readonly files?: boolean;
}

const OPTIONS: OptionNames<UNIXDatagramContractOptions> = { supported: true, files: true };

/**
 * The rules of UNIX datagram sockets: paths and their files, sending and receiving, queues and producers, errors.
 *
 * @param makeStage Called once by each case.
 * @throws InvalidArgumentTypeError
 * @example
 * const makeStage = inRealTime(() => new MyReactor());
 * for (const { name, run } of unixDatagramContract(makeStage)) it(name, run);
 */
export function unixDatagramContract(
  makeStage: MakeReactorStage,
  options: UNIXDatagramContractOptions = {},
): ContractCase[] {
  checkOptions('unixDatagramContract', options, OPTIONS);
  const supported = checkBoolean('supported', options.supported ?? true);
  const files = checkBoolean('files', options.files ?? true);
  const contract = new UNIXDatagramCases(makeStage);
  if (supported) {
    addUNIXDatagramListeningCases(contract, files);
    addUNIXDatagramSendingCases(contract);
  } else {
    addUnsupportedCases(contract);
  }
  return contract.cases;
}

function addUnsupportedCases(contract: UNIXDatagramCases): void {
  for (const method of ['listenUNIXDatagram', 'connectUNIXDatagram'] as const) {
    contract.add(`refuses ${method}, since it has no such sockets`, (scene) => {
      assert.throws(
        () => scene.reactor[method](scene.path(), scene.protocol()),
        (error) => error instanceof UnsupportedError && error.feature === method,
      );
    });
  }
}
