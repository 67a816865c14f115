/** The contract that every {@link Reactor} keeps, as cases over fresh reactors. */
import { checkFunction } from '../../../internal/check.js';
import type { ContractCase } from '../contract-case.js';
import { addConnectingCases } from './connecting.js';
import { addListeningCases } from './listening.js';
import { ReactorCases } from './reactor-scene.js';
import type { MakeReactorStage } from './reactor-stage.js';
import { addReceivedBytesCases } from './received-bytes.js';
import { addRunningCases } from './running.js';
import { addShutdownCases } from './shutdown.js';
import { addSystemEventCases } from './system-events.js';

/**
 * The rules of reactors: running and stopping, system events, calls from elsewhere, ports, connectors and their
 * factories, bytes that are received, shutdown and disposal. A reactor also keeps `clockContract(clocksOver(makeStage))` and
 * `transportContract(pairsOver(makeStage))`.
 *
 * @param makeStage Called once by each case. {@link inRealTime} makes one of any reactor that lives in Node's loop.
 * @throws InvalidArgumentTypeError
 * @example
 * const makeStage = inRealTime(() => new MyReactor());
 * for (const { name, run } of reactorContract(makeStage)) it(name, run);
 */
export function reactorContract(makeStage: MakeReactorStage): ContractCase[] {
  checkFunction('makeStage', makeStage);
  const contract = new ReactorCases(makeStage);
  addRunningCases(contract);
  addSystemEventCases(contract);
  addListeningCases(contract);
  addConnectingCases(contract);
  addReceivedBytesCases(contract);
  addShutdownCases(contract);
  return contract.cases;
}
