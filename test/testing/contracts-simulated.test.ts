/** The contracts over simulated reactors and their transports, in weather of all kinds. */
import { describe, it } from 'vitest';
import { clockContract } from '../../src/testing/contracts/clock/clock-contract.js';
import { reactorContract } from '../../src/testing/contracts/reactor/reactor-contract.js';
import { clocksOver } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { transportContract } from '../../src/testing/contracts/transport/transport-contract.js';
import type { SimulationFaults } from '../../src/testing/simulation/faults.js';
import { simulatedPairs, simulatedReactor } from './simulated-stage.js';

/** A simulated path holds a send buffer and a receive window of 64 KiB each. */
const OPTIONS = { overflowBytes: 1_000_000, poisonsLentBytes: true };

const WEATHER: readonly [name: string, faults: SimulationFaults][] = [
  ['fair', {}],
  ['without latency', { latencyMs: 0 }],
  ['choppy', { latencyMs: [0, 30], split: 0.5, coalesce: 0.3, maxPieceBytes: 9_000 }],
  ['narrow', { sendBufferBytes: 3_000, receiveWindowBytes: 5_000, bytesPerSecond: 1_000_000 }],
];

describe.each(WEATHER)('a simulated transport (%s)', (_name, faults) => {
  const makePair = simulatedPairs(faults);
  const contract = transportContract(makePair, OPTIONS);
  for (const { name, run } of contract) it(name, run);
});

describe('a simulated transport that was accepted', () => {
  const makePair = simulatedPairs({});
  const contract = transportContract((client, server) => makePair(server, client), OPTIONS);
  for (const { name, run } of contract) it(name, run);
});

describe('a simulated clock', () => {
  for (const { name, run } of clockContract(clocksOver(simulatedReactor))) it(name, run);
});

describe('a simulated reactor', () => {
  for (const { name, run } of reactorContract(simulatedReactor)) it(name, run);
});
