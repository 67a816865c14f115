/** The contract of {@link ReactorUDP}, as cases over fresh reactors. */
import { checkFunction } from '../../../internal/check.js';
import type { ContractCase } from '../contract-case.js';
import type { MakeReactorStage } from '../reactor/reactor-stage.js';
import { addGroupCases } from './groups.js';
import { addUDPListeningCases } from './listening.js';
import { addUDPProducerCases } from './producers.js';
import { addUDPReceivingCases } from './receiving.js';
import { addSendingCases } from './sending.js';
import { UDPCases, type UDPContractOptions } from './udp-scene.js';

/**
 * The rules of UDP ports: listening and stopping, sending and receiving, connected sockets, errors, producers,
 * broadcast and multicast.
 *
 * @param makeStage Called once by each case. The path between two ports of one reactor must lose nothing, and keep the order.
 * @throws InvalidArgumentTypeError
 * @example
 * const makeStage = inRealTime(() => new MyReactor());
 * for (const { name, run } of udpContract(makeStage)) it(name, run);
 */
export function udpContract(
  makeStage: MakeReactorStage,
  options: UDPContractOptions = {},
): ContractCase[] {
  checkFunction('makeStage', makeStage);
  const contract = new UDPCases(makeStage, options);
  addUDPListeningCases(contract);
  addSendingCases(contract);
  addUDPReceivingCases(contract);
  addUDPProducerCases(contract);
  addGroupCases(contract);
  return contract.cases;
}
