/** The agent over a simulated network, against a server that closes, stalls, lies and resets: see bad-server.ts. */
import { describe, expect, it } from 'vitest';
import { Agent } from '../../../src/http/index.js';
import { HostnameEndpoint } from '../../../src/index.js';
import {
  CHOPPY,
  type Simulation,
  type SimulationFaults,
  STORMY,
  simulate,
} from '../../../src/testing/index.js';
import { randomOf } from '../../protocols/http/differential/messages.js';
import { BadServer } from './bad-server.js';
import { crowd, type Tally } from './crowd.js';

const REQUESTS = 500;

/** Longer than the slowest reader of the network needs. */
const TIMES = {
  headTimeoutMs: 60_000,
  bodyIdleTimeoutMs: 60_000,
  writeTimeoutMs: 60_000,
  idleTimeoutMs: 4_000,
  retryDelayMs: 5,
};

/** Nothing is left of the requests, and the agent works. */
async function expectPeace(simulation: Simulation, agent: Agent, server: BadServer): Promise<void> {
  simulation.heal();
  server.isHealed = true;
  await simulation.run({ ms: 200_000 });
  expect(agent.counts).toMatchObject({ connections: 0, connecting: 0, queued: 0, streams: 0 });
  expect(server.connections.size).toBe(0);
  const response = await agent.get('http://server/peace', { retries: 20 });
  expect(response.field('id')).toBe('peace');
  await response.drain();
  await agent.close();
  await simulation.run();
  expect(simulation.connections).toEqual([]);
  expect(simulation.getDelayedCalls()).toEqual([]);
}

async function storm(faults: SimulationFaults, isReliable: boolean): Promise<Tally[]> {
  const tallies: Tally[] = [];
  await simulate(
    async (simulation) => {
      const random = randomOf(simulation.seed);
      const host = simulation.host('server');
      const server = new BadServer(host, random, false, 120_000);
      host.listenTCP(80, server);
      const clock = simulation.host('client');
      const endpointFor = () => new HostnameEndpoint(clock, 'server', 80);
      const agent = new Agent(clock, { ...TIMES, endpointFor, maxConnectionsPerOrigin: 16 });
      const url = 'http://server';
      const common = { agent, server, clock, random, url, isReliable, decode: false };
      const tally = await crowd({ ...common, requests: REQUESTS, concurrency: 24 });
      expect(tally.faults).toEqual([]);
      tallies.push(tally);
      await expectPeace(simulation, agent, server);
    },
    { faults, runs: 2, ...(isReliable ? {} : { reportError: () => {} }) },
  );
  return tallies;
}

describe('every request ends once, with its own answer or an error', () => {
  it.each([
    ['by a network that cuts and joins pieces', CHOPPY, true],
    ['by a network that breaks connections', { ...STORMY, reset: 0.2 }, false],
  ])('%s', async (_name, faults, isReliable) => {
    for (const { answers, errors, codes } of await storm(faults, isReliable)) {
      expect(answers + errors).toBe(REQUESTS);
      expect(answers).toBeGreaterThan(REQUESTS / 4);
      expect(codes.size).toBeGreaterThan(5);
    }
  });
});
