/** The contracts over simulated reactors and their transports, in weather of all kinds. */
import { describe, it } from 'vitest';
import { clockContract } from '../../src/testing/contracts/clock/clock-contract.js';
import { reactorContract } from '../../src/testing/contracts/reactor/reactor-contract.js';
import { clocksOver } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { transportContract } from '../../src/testing/contracts/transport/transport-contract.js';
import { udpContract } from '../../src/testing/contracts/udp/udp-contract.js';
import { unixContract } from '../../src/testing/contracts/unix/unix-contract.js';
import { unixDatagramContract } from '../../src/testing/contracts/unix-datagram/unix-datagram-contract.js';
import type { SimulationFaults } from '../../src/testing/simulation/faults.js';
import { simulatedPairs, simulatedReactor, simulatedUNIXPairs } from './simulated-stage.js';

/** A simulated path holds a send buffer and a receive window of 64 KiB each. */
const OPTIONS = { overflowBytes: 1_000_000, poisonsLentBytes: true };

const WEATHER: readonly [name: string, faults: SimulationFaults][] = [
  ['fair', {}],
  ['without latency', { latencyMs: 0 }],
  ['choppy', { latencyMs: [0, 30], split: 0.5, coalesce: 0.3, maxPieceBytes: 9_000 }],
  ['narrow', { sendBufferBytes: 3_000, receiveWindowBytes: 5_000, bytesPerSecond: 1_000_000 }],
];

/** Without loss and disorder, which the contract leaves to the network. */
const DATAGRAM_WEATHER: typeof WEATHER = [
  ['fair', {}],
  ['without latency', { latencyMs: 0 }],
  ['uneven', { latencyMs: [0, 30] }],
  ['narrow', { sendBufferBytes: 3_000, bytesPerSecond: 1_000_000 }],
  ['slowly read', { slowReader: 1, slowReaderBytesPerSecond: 50_000, receiveWindowBytes: 100_000 }],
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
  for (const { name, run } of clockContract(clocksOver(() => simulatedReactor()))) it(name, run);
});

describe('a simulated reactor', () => {
  for (const { name, run } of reactorContract(() => simulatedReactor())) it(name, run);
});

describe('simulated UNIX ports and connectors', () => {
  const contract = unixContract(() => simulatedReactor(), { files: false });
  for (const { name, run } of contract) it(name, run);
});

describe.each(WEATHER)('a simulated UNIX transport (%s)', (_name, faults) => {
  const makePair = simulatedUNIXPairs(faults);
  const contract = transportContract(makePair, { ...OPTIONS, resets: false });
  for (const { name, run } of contract) it(name, run);
});

describe('a simulated UNIX transport that was accepted', () => {
  const makePair = simulatedUNIXPairs({ fullQueue: 0.5 });
  const contract = transportContract((client, server) => makePair(server, client), {
    ...OPTIONS,
    resets: false,
  });
  for (const { name, run } of contract) it(name, run);
});

describe.each(DATAGRAM_WEATHER)('simulated UDP ports (%s)', (_name, faults) => {
  const contract = udpContract(() => simulatedReactor(faults), { poisonsLentBytes: true });
  for (const { name, run } of contract) it(name, run);
});

describe.each(DATAGRAM_WEATHER)('simulated UNIX datagrams (%s)', (_name, faults) => {
  const contract = unixDatagramContract(() => simulatedReactor(faults), { files: false });
  for (const { name, run } of contract) it(name, run);
});
