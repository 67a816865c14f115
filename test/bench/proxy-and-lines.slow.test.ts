// The contenders that pass on to another server, HTTP clients, and those that answer many short lines: what they
// return is right, and the load client notices a relay that lies.

import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { endChildren } from '../../bench/harness/children.js';
import type { Contender } from '../../bench/harness/contender.js';
import { startServer } from '../../bench/harness/contender-process.js';
import { CONTENDERS } from '../../bench/harness/contenders.js';
import { LoadClient } from '../../bench/harness/load-client.js';
import { buildNativeTools } from '../../bench/harness/native-tools.js';
import { faultOf } from '../../bench/harness/results.js';
import { FILE_NAME, siteFolder } from '../../bench/harness/site-folder.js';
import { firstWith, SLICE } from './short-slices.js';

const CONNECTIONS = 20;

describe.skipIf(process.platform !== 'linux')('the load client at both ends of a proxy', () => {
  beforeAll(buildNativeTools, 120_000);
  afterEach(endChildren);

  const bytes = 65_536;

  async function openThrough(contender: Contender, stallSeconds: number) {
    const client = await LoadClient.start(undefined);
    const target = await client.serve(bytes);
    const { where, pid } = await startServer(contender, 'proxy', 'echo', { target });
    await client.open({ where, pid, conns: CONNECTIONS, bytes, stallSeconds });
    return client;
  }

  it.each(CONTENDERS.filter(({ serves, optional }) => serves.socks !== undefined && !optional))(
    'finds nothing wrong with the SOCKS proxy of $name',
    async (contender) => {
      const client = await LoadClient.start(undefined);
      const large = 2 ** 20;
      const behindSocks = await client.serve(large);
      const { where, pid } = await startServer(contender, 'socks', 'echo');
      await client.open({ where, pid, conns: 3, bytes: large, behindSocks });
      const figures = await client.measure(SLICE);
      expect(faultOf('proxy', figures)).toBeUndefined();
      expect(figures.messages).toBeGreaterThan(0);
    },
  );

  function relayThat(fault: string): Contender {
    const [relay] = CONTENDERS.filter(({ name }) => name === 'raw-epoll');
    if (relay?.serves.proxy === undefined) throw new Error('no relay');
    return { ...relay, serves: { proxy: [...relay.serves.proxy, '--fault', fault] } };
  }

  it.each(CONTENDERS.filter(({ serves }) => serves.proxy !== undefined))(
    'finds nothing wrong with $name',
    async (contender) => {
      const figures = await (await openThrough(contender, 5)).measure(SLICE);
      expect(faultOf('proxy', figures)).toBeUndefined();
      expect(figures.cpuNs).toBeGreaterThan(0);
    },
  );

  it.each([
    ['flip', 'differentBytes'],
    ['drop', 'missingBytes'],
    ['stall', 'missingBytes'],
  ] as const)('counts what a relay does wrong (%s)', async (fault, count) => {
    const client = await openThrough(relayThat(fault), 0.3);
    const figures = await firstWith(count, () => client.measure(SLICE));
    expect(figures[count]).toBeGreaterThan(0);
  });
});

const CLIENTS = CONTENDERS.filter(({ serves }) => serves.agent !== undefined);

describe.skipIf(process.platform !== 'linux')('HTTP clients', () => {
  beforeAll(buildNativeTools, 120_000);
  afterEach(endChildren);

  it.each(CLIENTS)('have right answers: $name', async (contender) => {
    for (const [mode, bytes] of [
      ['get', 13],
      ['download', 2 ** 20],
    ] as const) {
      const root = siteFolder(bytes);
      const client = await LoadClient.start(undefined);
      const target = await client.serve(bytes, join(root, FILE_NAME));
      const { where, pid } = await startServer(contender, 'agent', mode, { target, root });
      await client.open({ where, pid, conns: 5, bytes, load: 'orders' });
      const figures = await client.measure(SLICE);
      expect(faultOf('client', figures)).toBeUndefined();
      expect(figures.messages).toBeGreaterThanOrEqual(5);
    }
  });
});

/** Those that answer each of many short lines by a write, which only programs of their own do. */
const LINE_SERVERS = CONTENDERS.filter(({ name }) =>
  /^(ropewalk-(native|node)|node-net-corked)/.test(name),
).filter(
  ({ serves, scenarios }) =>
    serves.tcp !== undefined && (scenarios?.includes('short-lines') ?? true),
);

describe.skipIf(process.platform !== 'linux')('servers of short lines', () => {
  beforeAll(buildNativeTools, 120_000);
  afterEach(endChildren);

  it.each(LINE_SERVERS)('answer each line: $name', async (contender) => {
    const { where, pid } = await startServer(contender, 'tcp', 'short-lines');
    const client = await LoadClient.start(undefined);
    await client.open({ where, pid, conns: 2, bytes: 3_000, shape: 'short-lines' });
    expect(faultOf('server', await client.measure(SLICE))).toBeUndefined();
  });
});
