// The load client must notice what a server does wrong, else its figures prove nothing: it is run
// against the raw servers with each fault injected, and without one.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Child, endChildren } from '../../bench/harness/children.js';
import { LoadClient, type OpenCommand, type Where } from '../../bench/harness/load-client.js';
import { buildNativeTools, type NativeTool, nativeTool } from '../../bench/harness/native-tools.js';
import { faultOf } from '../../bench/harness/results.js';
import { newSocketPath, removeSocketFolder } from '../../bench/harness/socket-folder.js';
import { firstWith, SLICE } from './short-slices.js';

const CONNECTIONS = 20;

async function startRaw(tool: NativeTool, ...args: string[]) {
  const server = await Child.start(tool, [nativeTool(tool), ...args]);
  const [word, rest = ''] = (await server.nextLine(5_000)).split(' ');
  const where: Where = word === 'PATH' ? { path: rest } : { port: Number(rest) };
  return { server, where };
}

type LineShape = NonNullable<OpenCommand['shape']>;
type Shape = Omit<OpenCommand, 'where' | 'pid' | 'conns'>;

/** A server and a client with open connections; the client gives up what a liar does not answer after 0.3 s. */
async function openTo(tool: NativeTool, shape: Shape, ...args: string[]) {
  const { server, where } = await startRaw(tool, ...args);
  const client = await LoadClient.start(undefined);
  const { pid } = server;
  const patience = args.includes('--fault') ? { stallSeconds: 0.3 } : {};
  await client.open({ where, pid, conns: CONNECTIONS, ...patience, ...shape });
  return { client, server, where };
}

function openAgainst(shape: LineShape, bytes: number, fault?: string) {
  const args = fault === undefined ? [] : ['--fault', fault];
  return openTo('raw_epoll_server', { bytes, shape }, ...args);
}

describe.skipIf(process.platform !== 'linux')('the load client', () => {
  beforeAll(buildNativeTools, 120_000);
  afterEach(endChildren);

  it.each([
    ['bytes', 64],
    ['bytes', 16_384],
    ['lines', 1_024],
    ['short-lines', 3_000],
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
    const figures = await firstWith('differentBytes', () => client.measure(SLICE));
    expect(figures.differentBytes).toBeGreaterThan(0);
    expect(figures.wrongBytes).toBe(figures.differentBytes);
  });

  it('counts bytes that were left out', async () => {
    const { client } = await openAgainst('bytes', 64, 'drop');
    const figures = await firstWith('missingBytes', () => client.measure(SLICE));
    expect(figures.missingBytes).toBeGreaterThan(0);
    expect(figures.wrongBytes).toBeGreaterThan(0);
  });

  it('counts answers that never came', async () => {
    const { client } = await openAgainst('lines', 1_024, 'stall');
    const figures = await firstWith('missingBytes', () => client.measure(SLICE));
    expect(figures.missingBytes).toBeGreaterThanOrEqual(1_024);
  });

  it('counts bytes that nobody asked for', async () => {
    const { client } = await openAgainst('bytes', 64, 'extra');
    const figures = await firstWith('surplusBytes', () => client.measure(SLICE));
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
    const { client, server, where } = await openAgainst('bytes', 64, 'flip');
    const churn = { where, pid: server.pid, concurrency: 10, bytes: 64, ...SLICE };
    const figures = await firstWith('differentBytes', () => client.churn(churn));
    expect(figures.differentBytes).toBeGreaterThan(0);
  });

  it.each(['one', 'all'])('finds nothing wrong with a server that accepts %s', async (accept) => {
    const { server, where } = await startRaw('raw_epoll_server', '--accept', accept);
    const client = await LoadClient.start(undefined);
    const churn = { where, pid: server.pid, concurrency: 10, bytes: 64, ...SLICE };
    expect(faultOf('server', await client.churn(churn))).toBeUndefined();
  });

  it('says what is wrong with a command', async () => {
    const client = await LoadClient.start(undefined);
    await expect(client.measure(SLICE)).rejects.toThrow('nothing is open');
    await expect(client.open({ where: { port: 1 }, pid: 0, conns: 1, bytes: 64 })).rejects.toThrow(
      'refused',
    );
    await expect(
      client.open({ where: { port: 1 }, pid: 0, conns: 1, bytes: 63, shape: 'lines' }),
    ).rejects.toThrow('multiple of the length of a line');
  });
});

describe.skipIf(process.platform !== 'linux')('the load client on UNIX sockets', () => {
  beforeAll(buildNativeTools, 120_000);
  afterEach(endChildren);
  afterAll(removeSocketFolder);

  it('finds nothing wrong with an honest server, of long connections and short ones', async () => {
    const path = newSocketPath();
    const { client, server, where } = await openTo(
      'raw_epoll_server',
      { bytes: 16_384 },
      '--path',
      path,
    );
    expect(where).toEqual({ path });
    const figures = await client.measure(SLICE);
    expect(faultOf('server', figures)).toBeUndefined();
    const churn = { where, pid: server.pid, concurrency: 10, bytes: 64, ...SLICE };
    expect(faultOf('server', await client.churn(churn))).toBeUndefined();
  });

  it('counts bytes that came back with another value', async () => {
    const args = ['--path', newSocketPath(), '--fault', 'flip'];
    const { client } = await openTo('raw_epoll_server', { bytes: 64 }, ...args);
    const figures = await firstWith('differentBytes', () => client.measure(SLICE));
    expect(figures.differentBytes).toBeGreaterThan(0);
  });

  it('says which path nobody listens at', async () => {
    const client = await LoadClient.start(undefined);
    const where = { path: newSocketPath() };
    await expect(client.open({ where, pid: 0, conns: 1, bytes: 64 })).rejects.toThrow(
      'No such file',
    );
    const long = { path: `/tmp/${'x'.repeat(120)}` };
    await expect(client.open({ where: long, pid: 0, conns: 1, bytes: 64 })).rejects.toThrow(
      'too long',
    );
  });
});

describe.skipIf(process.platform !== 'linux')('the load client with datagrams', () => {
  beforeAll(buildNativeTools, 120_000);
  afterEach(endChildren);

  const echo = { bytes: 64, load: 'datagrams' } as const;

  it.each([
    ['echo', { ...echo }, []],
    ['sink', { ...echo, bytes: 1_200, out: 64 }, []],
    ['source', { ...echo, bytes: 1_200, back: 64 }, []],
    ['sink', { ...echo, bytes: 1_200, out: 64 }, ['--offload', 'on']],
    ['source', { ...echo, bytes: 1_200, back: 64 }, ['--offload', 'on']],
  ] as const)(
    'finds nothing wrong with an honest server (%s, %o, %j)',
    async (mode, shape, more) => {
      const { client } = await openTo('raw_udp_server', shape, '--mode', mode, ...more);
      const figures = await client.measure(SLICE);
      expect(faultOf('server', figures)).toBeUndefined();
      expect(figures.messages).toBeGreaterThanOrEqual(CONNECTIONS * (mode === 'echo' ? 1 : 64));
    },
  );

  it.each([
    ['flip', 'differentBytes'],
    ['drop', 'missingBytes'],
    ['extra', 'surplusBytes'],
  ] as const)('counts what a server does wrong (%s)', async (fault, count) => {
    const { client } = await openTo('raw_udp_server', echo, '--fault', fault);
    const figures = await firstWith(count, () => client.measure(SLICE));
    expect(figures[count]).toBeGreaterThan(0);
    expect(faultOf('server', figures)).toContain('wrong bytes');
  });

  it('sends again what was lost, which is counted but no fault', async () => {
    const { client } = await openTo('raw_udp_server', echo, '--fault', 'stall');
    const figures = await firstWith('resent', () => client.measure(SLICE));
    expect(figures.resent).toBeGreaterThan(0);
    expect(faultOf('server', figures)).toBeUndefined();
  });

  it('gives up a server that answers no more', async () => {
    const { client, server } = await openTo('raw_udp_server', { ...echo, stallSeconds: 0.3 });
    await server.end();
    const figures = await client.touch();
    expect(figures.messages).toBe(0);
    expect(faultOf('server', figures)).toBeDefined();
  });
});

describe.skipIf(process.platform !== 'linux')('the load client in turns', () => {
  beforeAll(buildNativeTools, 120_000);
  afterEach(endChildren);

  const turns = { bytes: 64, load: 'turns' } as const;

  it.each(['1', '2'])('finds nothing wrong with an honest server (%s workers)', async (workers) => {
    const { client, server, where } = await openTo('raw_epoll_server', turns, '--workers', workers);
    const figures = await client.measure(SLICE);
    expect(faultOf('server', figures)).toBeUndefined();
    expect(figures.messages % CONNECTIONS).toBe(0);
    expect(figures.elapsedNs).toBeGreaterThan(0);
    expect(figures.elapsedNs).toBeLessThanOrEqual(figures.wallNs);
    const churn = { ...turns, where, pid: server.pid, concurrency: 30, ...SLICE };
    const closed = await client.churn(churn);
    expect(faultOf('server', closed)).toBeUndefined();
    expect(closed.messages % 30).toBe(0);
    expect(closed.messages).toBeGreaterThan(0);
  });

  it.each([
    ['flip', 'differentBytes'],
    ['drop', 'missingBytes'],
    ['extra', 'surplusBytes'],
    ['stall', 'lostConnections'],
  ] as const)('counts what a server does wrong (%s)', async (fault, count) => {
    const { client } = await openTo('raw_epoll_server', turns, '--fault', fault);
    const figures = await firstWith(count, () => client.measure(SLICE));
    expect(figures[count]).toBeGreaterThan(0);
  });

  it('leaves the server running', async () => {
    const { client, server } = await openTo('raw_epoll_server', turns, '--workers', '2');
    await client.measure(SLICE);
    await client.end();
    await server.end();
    expect(server.ended).toBe(true);
  });
});
