// Tests a function that sends requests, without a network: `node --import tsx --test examples/testing-mock-agent.ts`.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Agent } from 'ropewalk/http';
import { ManualClock } from 'ropewalk/testing';
import { MockAgent } from 'ropewalk/testing/http';

const WEATHER = 'https://weather.example/cities';

/** The function that is tested. */
async function coldest(agent: Agent, cities: readonly string[]): Promise<string> {
  const reports = cities.map(async (city) => {
    const { celsius } = await agent.get(`${WEATHER}/${city}`).json<{ celsius: number }>();
    return { city, celsius };
  });
  const [first] = (await Promise.all(reports)).sort((a, b) => a.celsius - b.celsius);
  return first?.city ?? 'none';
}

describe('coldest', () => {
  it('compares all cities', async () => {
    const agent = new MockAgent(new ManualClock());
    agent.on('GET', `${WEATHER}/oslo`).reply({ json: { celsius: -4 } });
    agent
      .on('GET', `${WEATHER}/:city`)
      .reply({ json: { celsius: 9 } })
      .times(2);
    assert.equal(await coldest(agent, ['rome', 'oslo', 'york']), 'oslo');
    agent.assertAllUsed();
  });

  it('is repeated after a refused connection, and follows redirections', async () => {
    const clock = new ManualClock();
    const agent = new MockAgent(clock, { retries: 1, retryDelayMs: 500 });
    agent.on('GET', `${WEATHER}/oslo`).refuse();
    agent.on('GET', `${WEATHER}/oslo`).reply({ status: 307, fields: { Location: '/new/oslo' } });
    agent.on('GET', 'https://weather.example/new/:city').reply({ json: { celsius: -4 } });
    const found = coldest(agent, ['oslo']);
    await new Promise(setImmediate); // the connection is refused, and the agent waits
    clock.advance(500);
    assert.equal(await found, 'oslo');
    assert.deepEqual(
      agent.calls.map(({ url }) => url.pathname),
      ['/cities/oslo', '/cities/oslo', '/new/oslo'],
    );
  });

  it('fails if a report breaks off', async () => {
    const agent = new MockAgent(new ManualClock());
    const report = { json: { celsius: -4 } };
    agent.on('GET', `${WEATHER}/oslo`).reset({ ...report, afterBytes: 5 });
    await assert.rejects(coldest(agent, ['oslo']), { code: 'ERR_CONNECTION_LOST' });
  });
});
