/** TLS in simulations: the transport contract in weather of several kinds. Time is virtual for both engines. */
import { describe, it } from 'vitest';
import { transportContract } from '../../src/testing/contracts/transport/transport-contract.js';
import type { SimulationFaults } from '../../src/testing/simulation/faults.js';
import { simulatedPairs } from '../testing/simulated-stage.js';
import { ENGINES, securedPairs } from './secured.js';

const WEATHER: readonly [name: string, faults: SimulationFaults][] = [
  ['fair', {}],
  ['choppy', { latencyMs: [0, 30], split: 0.5, coalesce: 0.3, maxPieceBytes: 9_000 }],
];

const CASES = ENGINES.flatMap((engine) =>
  WEATHER.map(([weather, faults]) => ({ engine, weather, faults })),
);

describe.each(CASES)('TLS by $engine in a simulation ($weather)', ({ engine, faults }) => {
  const makePair = securedPairs(simulatedPairs(faults), engine);
  const contract = transportContract(makePair, { overflowBytes: 1_000_000, halfClose: 'closes' });
  for (const { name, run } of contract) it(name, run);
});
