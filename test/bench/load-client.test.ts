// The load client must notice what a server does wrong, else its figures prove nothing: it is run
// against the raw epoll server with each fault injected, and without one.

import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Child, endChildren } from '../../bench/harness/children.js';
import { LoadClient } from '../../bench/harness/load-client.js';
import { buildNativeTools, nativeTool } from '../../bench/harness/native-tools.js';
import { faultOf } from '../../bench/harness/results.js';

const CONNECTIONS = 20;
const SLICE = { seconds: 0.15, warmup: 0.05 };

/** A server and a client with open connections; the client gives up an answer after 0.3 s. */
async function openAgainst(shape: 'bytes' | 'lines', bytes: number, fault?: string) {
  const args = fault === undefined ? [] : ['--fault', fault];
  const server = await Child.start('raw epoll server', [nativeTool('raw_epoll_server'), ...args]);
  const port = Number((await server.nextLine(5_000)).replace('PORT ', ''));
  const client = await LoadClient.start(undefined);
  const { pid } = server;
  await client.open({ port, pid, conns: CONNECTIONS, bytes, shape, stallSeconds: 0.3 });
  return { client, server, port };
}

describe.skipIf(process.platform !== 'linux')('the load client', () => {
  beforeAll(buildNativeTools, 120_000);
  afterEach(endChildren);

  it.each([
    ['bytes', 64],
    ['bytes', 16_384],
    ['lines', 1_024],
  ] as const)('finds nothing wrong with an honest server (%s, %i bytes)', async (shape, bytes) => {
    const { client } = await openAgainst(shape, bytes);
    const figures = await client.measure(SLICE);
    expect(faultOf('server', figures)).toBeUndefined();
    expect(figures.messages).toBeGreaterThan(CONNECTIONS);
    expect(figures.cpuNs).toBeGreaterThan(0);
    expect(figures.p99Ns).toBeGreaterThanOrEqual(figures.p50Ns);
  });

  it('counts bytes that came back with another value', async () => {
    const { client } = await openAgainst('bytes', 64, 'flip');
    const figures = await client.measure(SLICE);
    expect(figures.differentBytes).toBeGreaterThan(0);
    expect(figures.wrongBytes).toBe(figures.differentBytes);
  });

  it('counts bytes that were left out', async () => {
    const { client } = await openAgainst('bytes', 64, 'drop');
    const figures = await client.measure(SLICE);
    expect(figures.missingBytes).toBeGreaterThan(0);
    expect(figures.wrongBytes).toBeGreaterThan(0);
  });

  it('counts answers that never came', async () => {
    const { client } = await openAgainst('lines', 1_024, 'stall');
    const figures = await client.measure(SLICE);
    expect(figures.missingBytes).toBeGreaterThanOrEqual(1_024);
  });

  it('counts bytes that nobody asked for', async () => {
    const { client } = await openAgainst('bytes', 64, 'extra');
    const figures = await client.measure(SLICE);
    expect(figures.surplusBytes).toBeGreaterThan(0);
  });

  it('counts the connections of a server that dies, and goes on', async () => {
    const { client, server } = await openAgainst('bytes', 64);
    await server.end();
    const figures = await client.touch();
    expect(figures.lostConnections).toBe(CONNECTIONS);
    expect(faultOf('server', figures)).toContain('lost connections');
  });

  it('checks the bytes of short connections too', async () => {
    const { client, server, port } = await openAgainst('bytes', 64, 'flip');
    const churn = { port, pid: server.pid, concurrency: 10, bytes: 64, ...SLICE };
    const figures = await client.churn(churn);
    expect(figures.messages).toBeGreaterThan(CONNECTIONS);
    expect(figures.differentBytes).toBeGreaterThan(0);
  });

  it('says what is wrong with a command', async () => {
    const client = await LoadClient.start(undefined);
    await expect(client.measure(SLICE)).rejects.toThrow('nothing is open');
    await expect(client.open({ port: 1, pid: 0, conns: 1, bytes: 64 })).rejects.toThrow('refused');
    await expect(
      client.open({ port: 1, pid: 0, conns: 1, bytes: 63, shape: 'lines' }),
    ).rejects.toThrow('multiple of 64');
  });
});
