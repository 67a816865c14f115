/** The contract of {@link ReactorLife}, as cases over fresh reactors. */
import type { ContractCase } from '../contract-case.js';
import { ReactorCases } from './reactor-scene.js';
import type { MakeReactorStage } from './reactor-stage.js';
import { addRunningCases } from './running.js';
import { addShutdownCases } from './shutdown.js';
import { addStoppingCases } from './stopping.js';
import { addSystemEventCases } from './system-events.js';

/**
 * The rules of running and stopping, system events, shutdown and disposal.
 *
 * @param makeStage Called once by each case.
 * @throws InvalidArgumentTypeError
 */
export function lifeContract(makeStage: MakeReactorStage): ContractCase[] {
  const contract = new ReactorCases(makeStage);
  addRunningCases(contract);
  addSystemEventCases(contract);
  addShutdownCases(contract);
  addStoppingCases(contract);
  return contract.cases;
}
