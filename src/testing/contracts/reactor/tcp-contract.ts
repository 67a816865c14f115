/** The contract of {@link ReactorTCP}, as cases over fresh reactors. */
import type { ContractCase } from '../contract-case.js';
import { addConnectingCases } from './connecting.js';
import { addListeningCases } from './listening.js';
import { ReactorCases } from './reactor-scene.js';
import type { MakeReactorStage } from './reactor-stage.js';
import { addReceivedBytesCases } from './received-bytes.js';

/**
 * The rules of TCP ports, connectors and their factories, and of received bytes.
 *
 * @param makeStage Called once by each case.
 * @throws InvalidArgumentTypeError
 */
export function tcpContract(makeStage: MakeReactorStage): ContractCase[] {
  const contract = new ReactorCases(makeStage);
  addListeningCases(contract);
  addConnectingCases(contract);
  addReceivedBytesCases(contract);
  return contract.cases;
}
