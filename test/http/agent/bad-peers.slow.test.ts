/** The agent over real sockets, against a server that closes, stalls, lies and resets: see bad-server.ts. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { Agent } from '../../../src/http/index.js';
import type { Clock } from '../../../src/index.js';
import { randomOf } from '../../protocols/http/differential/messages.js';
import { contract, portOf } from '../../support/contract.js';
import { within } from '../../support/deadline.js';
import { openDescriptors } from '../../support/descriptors.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { BadServer } from './bad-server.js';
import { crowd, type Tally } from './crowd.js';

/** The first so many warm up: compiled code and pools of memory are no leak. */
const EARLIER = 10_000;
const REQUESTS = 40_000;
const CONCURRENCY = 250;
const DEADLINE_MS = 180_000;

/** What V8 does not collect at once, beside compiled code that it has replaced. */
const SPARE_HEAP_BYTES = 2 * 1024 * 1024;

const OPTIONS = {
  headTimeoutMs: 300,
  bodyIdleTimeoutMs: 300,
  writeTimeoutMs: 300,
  idleTimeoutMs: 200,
  retryDelayMs: 2,
  maxConnectionsPerOrigin: 200,
};

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** The heap and the memory of Buffers when the garbage of all turns is collected. */
async function usedBytes(clock: Clock): Promise<number> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise<void>((resolve) => void clock.callLater(1, resolve));
    collect();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

contract(
  'an agent',
  (rig) => {
    it('ends each of 50,000 requests of a bad server once, and is as new afterwards', {
      timeout: 2 * DEADLINE_MS,
    }, async () => {
      const { reactor } = rig;
      const random = randomOf(19);
      const server = new BadServer(reactor, random, true, 1_000);
      const port = portOf(reactor.listenTCP(0, server, { interface: '127.0.0.1' }));
      const agent = rig.use(new Agent(reactor, OPTIONS));
      const url = `http://127.0.0.1:${port}`;
      const untilAllAreGone = async (): Promise<void> => {
        while (agent.counts.connections > 0 || server.connections.size > 0) await rig.turns(10);
      };
      const send = async (requests: number): Promise<Tally> => {
        server.served.clear();
        const common = { agent, server, clock: reactor, random, url, isReliable: false };
        const sent = crowd({ ...common, decode: true, requests, concurrency: CONCURRENCY });
        const tally = await within(sent, 'the last request', DEADLINE_MS);
        await within(untilAllAreGone(), 'the last connection');
        server.served.clear();
        return tally;
      };
      await send(EARLIER);
      const before = { descriptors: openDescriptors(), bytes: await usedBytes(reactor) };
      const { faults, answers, errors, codes } = await send(REQUESTS);
      expect(faults).toEqual([]);
      expect(answers + errors).toBe(REQUESTS);
      expect(answers).toBeGreaterThan(REQUESTS / 4);
      expect(codes.size).toBeGreaterThan(8);
      expect(agent.counts).toMatchObject({ connections: 0, connecting: 0, queued: 0, streams: 0 });
      expect(openDescriptors()).toBe(before.descriptors);
      expect((await usedBytes(reactor)) - before.bytes).toBeLessThan(SPARE_HEAP_BYTES);
      server.isHealed = true;
      const response = await agent.get(`${url}/good`);
      expect(response.field('id')).toBe('good');
      await response.drain();
    });
  },
  ONE_POLLER,
);
