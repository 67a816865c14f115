/** The load client speaks HTTP, and notices wrong answers; as the server of HTTP clients, it notices those that miscount. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { endChildren } from '../../bench/harness/children.js';
import { LoadClient } from '../../bench/harness/load-client.js';
import { buildNativeTools } from '../../bench/harness/native-tools.js';
import { faultOf } from '../../bench/harness/results.js';
import { FILE_NAME, removeSiteFolder, siteFolder } from '../../bench/harness/site-folder.js';
import { frame, framesIn } from '../protocols/http2/node-peer.js';
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

async function measure(port: number, patience: { readonly stallSeconds?: number } = {}) {
  const client = await LoadClient.start(undefined);
  await client.open({
    where: { port },
    pid: process.pid,
    conns: 4,
    bytes: 5,
    request: REQUEST,
    pipelined: PIPELINED,
    content: 'hello',
    ...patience,
  });
  return client.measure(SLICE);
}

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const WINDOW_UPDATE = 8;
const ACK = 1;
const PREFACE_BYTES = 24;

/** The head of an answer with 200, and its content. */
const head = (id: number): Buffer => frame(HEADERS, 4, id, Buffer.of(0x88));
const content = (id: number): Buffer => frame(DATA, 1, id, Buffer.from('hello'));

/** Answers the requests of each read on streams of HTTP/2. @param cut The length of pieces. */
async function serveStreams(answer: (ids: number[]) => Buffer, cut = 100_000): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    let received: Buffer = Buffer.alloc(0);
    let skipped = PREFACE_BYTES;
    socket.write(frame(SETTINGS, 0, 0, Buffer.alloc(6)));
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      if (received.length < skipped) return;
      received = received.subarray(skipped);
      skipped = 0;
      const ids: number[] = [];
      for (const { type, flags, streamId, payload } of framesIn(received)) {
        received = received.subarray(9 + payload.length);
        if (type === SETTINGS && flags === 0) socket.write(frame(SETTINGS, ACK, 0, EMPTY));
        if (type === HEADERS) ids.push(streamId);
      }
      const bytes = answer(ids);
      for (let at = 0; at < bytes.length; at += cut) socket.write(bytes.subarray(at, at + cut));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function measureStreams(port: number) {
  const client = await LoadClient.start(undefined);
  await client.open({
    where: { port },
    pid: process.pid,
    conns: 4,
    bytes: 5,
    http2: PIPELINED,
    content: 'hello',
    stallSeconds: 0.3,
  });
  return client.measure(SLICE);
}

const EMPTY = Buffer.alloc(0);

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
    const figures = measure(await serve(answer), { stallSeconds: 0.3 });
    await expect(figures).rejects.toThrow('had no correct answer');
  });
});

const FILE_BYTES = 100;
const ASKED = 3;

/** A client that asks for the file as often as it is ordered to, one request after the other, and reports what `report` makes of its count. */
async function obey(target: number, report: (count: number) => string): Promise<number> {
  const server = createServer((orders) => {
    sockets.push(orders);
    orders.on('error', () => {});
    let isGoing = false;
    let count = 0;
    const asking = connect(target, '127.0.0.1');
    sockets.push(asking);
    asking.on('data', () => {
      count += 1;
      if (isGoing) asking.write(REQUEST);
      else orders.write(report(count));
    });
    orders.on('data', (order) => {
      isGoing = String(order) === `go ${ASKED}\n`;
      if (!isGoing) return;
      count = 0;
      asking.write(REQUEST);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function measureClient(report: (count: number) => string) {
  const client = await LoadClient.start(undefined);
  const contentFile = join(siteFolder(FILE_BYTES), FILE_NAME);
  const port = await obey(await client.serve(FILE_BYTES, contentFile), report);
  const where = { port };
  const command = { where, pid: process.pid, bytes: FILE_BYTES, load: 'orders' } as const;
  await client.open({ ...command, conns: ASKED, stallSeconds: 0.3 });
  return client.measure(SLICE);
}

describe.skipIf(process.platform !== 'linux')('the load client as a server of clients', () => {
  beforeAll(buildNativeTools, 120_000);
  afterEach(async () => {
    await endChildren();
    removeSiteFolder();
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  it('counts the answers of an honest client', async () => {
    const figures = await measureClient((count) => `done ${count} 0\n`);
    expect(faultOf('client', figures)).toBeUndefined();
    expect(figures.messages).toBeGreaterThan(1);
    expect(figures.cpuNs).toBeGreaterThan(0);
  });

  it.each([
    ['had answers that nobody sent', (count: number) => `done ${count + 1} 0\n`],
    ['has lost an answer', (count: number) => `done ${count - 1} 0\n`],
    ['had a wrong answer', (count: number) => `done ${count} 1\n`],
    ['reports something else', () => 'what?\n'],
    ['reports nothing', () => ''],
  ])('notices a client that %s', async (_fault, report) => {
    await expect(measureClient(report)).rejects.toThrow('had no correct answer');
  });
});

describe.skipIf(process.platform !== 'linux')('the load client on HTTP/2', () => {
  beforeAll(buildNativeTools, 120_000);
  afterEach(async () => {
    await endChildren();
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  it('opens streams of HTTP/2, and takes answers in any order and pieces', async () => {
    const pieces = (id: number): Buffer[] => [
      frame(DATA, 0, id, Buffer.from('hel')),
      frame(WINDOW_UPDATE, 0, 0, Buffer.of(0, 0, 0, 1)),
      frame(DATA, 1, id, Buffer.from('lo')),
    ];
    for (const cut of [1, 30, 10_000]) {
      const port = await serveStreams(
        (ids) => Buffer.concat([...ids.reverse().map(head), ...ids.flatMap(pieces)]),
        cut,
      );
      const figures = await measureStreams(port);
      expect(faultOf('server', figures)).toBeUndefined();
      expect(figures.messages).toBeGreaterThan(4);
    }
  });

  it.each([
    ['another status', (id: number) => [frame(HEADERS, 4, id, Buffer.of(0x8d)), content(id)]],
    ['another content', (id: number) => [head(id), frame(DATA, 1, id, Buffer.from('hallo'))]],
    ['a byte too many', (id: number) => [head(id), frame(DATA, 1, id, Buffer.from('hello!'))]],
    ['a byte too few', (id: number) => [head(id), frame(DATA, 1, id, Buffer.from('hell'))]],
    ['no content', (id: number) => [frame(HEADERS, 5, id, Buffer.of(0x88))]],
    ['an answer to another stream', (id: number) => [head(id + 6), content(id + 6)]],
    ['a second answer', (id: number) => [head(id), content(id), content(id)]],
    ['a reset', (id: number) => [frame(RST_STREAM, 0, id, Buffer.alloc(4))]],
    ['no answer', () => []],
  ])('notices %s', async (_fault, answer: (id: number) => Buffer[]) => {
    const port = await serveStreams((ids) => Buffer.concat(ids.flatMap(answer)));
    const measured = measureStreams(port).then((figures) => faultOf('server', figures));
    await expect(measured).resolves.toMatch(/wrong|missing|lost|byte/i);
  });
});
