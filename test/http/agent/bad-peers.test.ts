/** The agent over a simulated network, against a server that closes, stalls, lies and resets: see bad-server.ts. */
import { describe, expect, it } from 'vitest';
import { Agent } from '../../../src/http/index.js';
import { type Clock, HostnameEndpoint } from '../../../src/index.js';
import {
  CHOPPY,
  type Simulation,
  type SimulationFaults,
  STORMY,
  simulate,
} from '../../../src/testing/index.js';
import { type Random, randomOf } from '../../protocols/http/differential/messages.js';
import { BadHTTP2Server } from './bad-http2-server.js';
import { BadServer } from './bad-server.js';
import { crowd, type Tally } from './crowd.js';

const REQUESTS = 400;

const BREAKING: SimulationFaults = { ...STORMY, reset: 0.2 };

/** Longer than the slowest reader of the network needs. */
const TIMES = {
  headTimeoutMs: 60_000,
  bodyIdleTimeoutMs: 60_000,
  writeTimeoutMs: 60_000,
  idleTimeoutMs: 4_000,
  retryDelayMs: 5,
};

type AnyServer = BadServer | BadHTTP2Server;
type ServerMaker = (clock: Clock, random: Random) => AnyServer;

const VERSIONS: Readonly<
  Record<'HTTP/1.1' | 'HTTP/2' | 'HTTP/2, whose connections end', ServerMaker>
> = {
  'HTTP/1.1': (clock, random) => new BadServer(clock, random, false, 120_000),
  'HTTP/2': (clock, random) => new BadHTTP2Server(clock, random, false),
  'HTTP/2, whose connections end': (clock, random) => new BadHTTP2Server(clock, random, true),
};

/** The id of an answer. The network may still break connections, so one request proves nothing. */
async function peaceful(agent: Agent): Promise<string | undefined> {
  let failure: unknown;
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      const response = await agent.get('http://server/peace', { retries: 20 });
      await response.drain();
      return response.field('id');
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Nothing is left of the requests, and the agent works. */
async function expectPeace(simulation: Simulation, agent: Agent, server: AnyServer): Promise<void> {
  simulation.heal();
  server.isHealed = true;
  await simulation.run({ ms: 200_000 });
  expect(agent.counts).toMatchObject({ connections: 0, connecting: 0, queued: 0, streams: 0 });
  expect(server.connections.size).toBe(0);
  expect(await peaceful(agent)).toBe('peace');
  await agent.close();
  await simulation.run();
  expect(simulation.connections).toEqual([]);
  expect(simulation.getDelayedCalls()).toEqual([]);
}

async function storm(
  version: keyof typeof VERSIONS,
  faults: SimulationFaults,
  isReliable: boolean,
): Promise<Tally[]> {
  const tallies: Tally[] = [];
  await simulate(
    async (simulation) => {
      const random = randomOf(simulation.seed);
      const host = simulation.host('server');
      const server = VERSIONS[version](host, random);
      host.listenTCP(80, server);
      const clock = simulation.host('client');
      const endpointFor = () => new HostnameEndpoint(clock, 'server', 80);
      const http2 = version === 'HTTP/1.1' ? 'alpn' : 'prior-knowledge';
      const limits = {
        maxConnectionsPerOrigin: 16,
        http2,
        http2Limits: { idleTimeoutMs: 4_000 },
      } as const;
      const delays = randomOf(simulation.seed + 1);
      const jitter = (): number => delays(65_536) / 65_536;
      const agent = new Agent(clock, { ...TIMES, ...limits, endpointFor, random: jitter });
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
    ['HTTP/1.1', 'cuts and joins pieces', CHOPPY, true],
    ['HTTP/1.1', 'breaks connections', BREAKING, false],
    ['HTTP/2', 'cuts and joins pieces', CHOPPY, true],
    ['HTTP/2, whose connections end', 'cuts and joins pieces', CHOPPY, false],
    ['HTTP/2, whose connections end', 'breaks connections', BREAKING, false],
  ] as const)('over %s and a network that %s', async (version, _network, faults, isReliable) => {
    for (const { answers, errors, codes } of await storm(version, faults, isReliable)) {
      expect(answers + errors).toBe(REQUESTS);
      expect(answers).toBeGreaterThan(REQUESTS / 4);
      expect(codes.size).toBeGreaterThan(4);
    }
  });
});
