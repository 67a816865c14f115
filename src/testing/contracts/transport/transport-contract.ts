/** The contract that every {@link Transport} keeps, as cases over pairs of connected transports. */
import { checkFunction } from '../../../internal/check.js';
import type { ContractCase } from '../contract-case.js';
import { addCallbackCases } from './callbacks.js';
import { addClosingCases } from './closing.js';
import { addDroppedWriteCases } from './dropped-writes.js';
import { addGivenBytesCases } from './given-bytes.js';
import { addHalfCloseCases } from './half-close.js';
import { addLentBytesCases } from './lent-bytes.js';
import { addProducerCases } from './producers.js';
import { addReadingCases } from './reading.js';
import { type MakePair, TransportCases, type TransportContractOptions } from './scene.js';
import { addWritingCases } from './writing.js';

/**
 * The rules of connected transports: order of callbacks, `connectionLost` once and never from inside, writes, closing,
 * half-closing, producers, pausing, given and lent bytes, exceptions of application code.
 *
 * @param makePair Connects two protocols; called once by each case. {@link pairsOver} makes one from any reactor.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 * @example
 * for (const { name, run } of transportContract(makePair)) it(name, run);
 */
export function transportContract(
  makePair: MakePair,
  options: TransportContractOptions = {},
): ContractCase[] {
  checkFunction('makePair', makePair);
  const contract = new TransportCases(makePair, options);
  addWritingCases(contract);
  addDroppedWriteCases(contract);
  addClosingCases(contract);
  addHalfCloseCases(contract);
  addProducerCases(contract);
  addReadingCases(contract);
  addGivenBytesCases(contract);
  addLentBytesCases(contract);
  addCallbackCases(contract);
  return contract.cases;
}
