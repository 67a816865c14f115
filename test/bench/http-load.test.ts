/** The load client speaks HTTP, and notices wrong answers. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { endChildren } from '../../bench/harness/children.js';
import { LoadClient } from '../../bench/harness/load-client.js';
import { buildNativeTools } from '../../bench/harness/native-tools.js';
import { faultOf } from '../../bench/harness/results.js';
import { SLICE } from './short-slices.js';

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const PIPELINED = 3;
const GOOD = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\nDate: now\r\n\r\nhello';

const servers: Server[] = [];
const sockets: Socket[] = [];

/** Answers each request with the parts of an answer, each in a write of its own. */
async function serve(...parts: string[]): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      for (const _ of String(data).matchAll(/GET /g)) {
        for (const part of parts) socket.write(part);
      }
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function measure(port: number) {
  const client = await LoadClient.start(undefined);
  await client.open({
    where: { port },
    pid: process.pid,
    conns: 4,
    bytes: 5,
    request: REQUEST,
    pipelined: PIPELINED,
    content: 'hello',
    stallSeconds: 0.3,
  });
  return client.measure(SLICE);
}

describe.skipIf(process.platform !== 'linux')('the load client on HTTP', () => {
  beforeAll(buildNativeTools, 120_000);
  afterEach(async () => {
    await endChildren();
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  it('finds nothing wrong with an honest server, however its answers arrive', async () => {
    const cuts = [1, 20, GOOD.length - 6, GOOD.length - 3];
    const parts = [0, ...cuts].map((cut, i) => GOOD.slice(cut, cuts[i]));
    const figures = await measure(await serve(...parts));
    expect(faultOf('server', figures)).toBeUndefined();
    expect(figures.messages).toBeGreaterThan(4);
  });

  it.each([
    ['another status', GOOD.replace('200', '404')],
    ['another content', GOOD.replace('hello', 'hallo')],
    ['another length', GOOD.replace('length: 5', 'length: 6')],
    ['no length', GOOD.replace('content-length: 5\r\n', '')],
    ['a byte too many', `${GOOD}!`],
    ['a byte too few', GOOD.slice(0, -1)],
  ])('notices %s', async (_fault, answer) => {
    await expect(measure(await serve(answer))).rejects.toThrow('had no correct answer');
  });
});
