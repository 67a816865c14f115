/** The contract that the UDP ports of every {@link Reactor} keep, as cases over fresh reactors. */
import { checkFunction } from '../../../internal/check.js';
import type { ContractCase } from '../contract-case.js';
import type { MakeReactorStage } from '../reactor/reactor-stage.js';
import { DatagramCases, type DatagramContractOptions } from './datagram-scene.js';
import { addGroupCases } from './groups.js';
import { addDatagramListeningCases } from './listening.js';
import { addDatagramProducerCases } from './producers.js';
import { addDatagramReceivingCases } from './receiving.js';
import { addSendingCases } from './sending.js';

/**
 * The rules of UDP ports: listening and stopping, sending and receiving, connected sockets, errors, producers,
 * broadcast and multicast.
 *
 * @param makeStage Called once by each case. The path between two ports of one reactor must lose nothing, and keep the order.
 * @throws InvalidArgumentTypeError
 * @example
 * const makeStage = inRealTime(() => new MyReactor());
 * for (const { name, run } of datagramContract(makeStage)) it(name, run);
 */
export function datagramContract(
  makeStage: MakeReactorStage,
  options: DatagramContractOptions = {},
): ContractCase[] {
  checkFunction('makeStage', makeStage);
  const contract = new DatagramCases(makeStage, options);
  addDatagramListeningCases(contract);
  addSendingCases(contract);
  addDatagramReceivingCases(contract);
  addDatagramProducerCases(contract);
  addGroupCases(contract);
  return contract.cases;
}
