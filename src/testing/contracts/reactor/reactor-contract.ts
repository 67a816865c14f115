/** The contract that every {@link Reactor} keeps: those of its facets together. */
import type { ContractCase } from '../contract-case.js';
import { introspectionContract } from './introspection-contract.js';
import { lifeContract } from './life-contract.js';
import { namesContract } from './names-contract.js';
import type { MakeReactorStage } from './reactor-stage.js';
import { tcpContract } from './tcp-contract.js';
import { threadsContract } from './threads-contract.js';

/**
 * The rules of the facets that every reactor has: life, threads, TCP, names and introspection. A reactor also keeps
 * `clockContract(clocksOver(makeStage))` and `transportContract(pairsOver(makeStage))`.
 *
 * @param makeStage Called once by each case. {@link inRealTime} makes one from any reactor that uses Node's loop.
 * @throws InvalidArgumentTypeError
 * @example
 * const makeStage = inRealTime(() => new MyReactor());
 * for (const { name, run } of reactorContract(makeStage)) it(name, run);
 */
export function reactorContract(makeStage: MakeReactorStage): ContractCase[] {
  return [
    ...lifeContract(makeStage),
    ...threadsContract(makeStage),
    ...tcpContract(makeStage),
    ...namesContract(makeStage),
    ...introspectionContract(makeStage),
  ];
}
