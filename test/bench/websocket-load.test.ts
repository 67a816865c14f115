/** The load client speaks WebSocket, alone and to many, and notices wrong answers. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { endChildren } from '../../bench/harness/children.js';
import { type FrameKind, type Load, LoadClient } from '../../bench/harness/load-client.js';
import { buildNativeTools } from '../../bench/harness/native-tools.js';
import { faultOf } from '../../bench/harness/results.js';
import { PATIENCE } from '../support/deadline.js';
import { SLICE } from './short-slices.js';

const CONNECTIONS = 4;
const SWITCHING =
  'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';

interface Behaviour {
  readonly head?: string;
  /** Changes a frame before it is sent to `socket`; undefined: it is not sent. */
  readonly distort?: (frame: Buffer, socket: Socket) => Buffer | undefined;
  readonly broadcasts?: boolean;
  /** Sends each frame in writes of so many bytes. */
  readonly divided?: number;
}

const servers: Server[] = [];
const sockets = new Set<Socket>();

/** Frames of less than 64 KiB, unmasked; and the bytes after the last whole frame. */
function unmasked(bytes: Buffer): { frames: Buffer[]; rest: Buffer } {
  const frames: Buffer[] = [];
  let at = 0;
  for (;;) {
    const short = (bytes[at + 1] ?? 0) & 0x7f;
    const header = short === 126 ? 4 : 2;
    if (bytes.length < at + header + 4) break;
    const length = short === 126 ? bytes.readUInt16BE(at + 2) : short;
    const mask = at + header;
    const end = mask + 4 + length;
    if (bytes.length < end) break;
    const frame = Buffer.concat([bytes.subarray(at, mask), bytes.subarray(mask + 4, end)]);
    expect((frame[1] ?? 0) & 0x80).toBe(0x80);
    frame[1] = short;
    for (let i = 0; i < length; i++) {
      frame[header + i] = (frame[header + i] ?? 0) ^ (bytes[mask + (i % 4)] ?? 0);
    }
    frames.push(frame);
    at = end;
  }
  return { frames, rest: bytes.subarray(at) };
}

async function serve({
  head = SWITCHING,
  distort,
  broadcasts,
  divided,
}: Behaviour): Promise<number> {
  const send = (socket: Socket, frame: Buffer): void => {
    const sent = distort === undefined ? frame : distort(frame, socket);
    if (sent === undefined) return;
    const step = divided ?? sent.length;
    for (let at = 0; at < sent.length; at += step) socket.write(sent.subarray(at, at + step));
  };
  const server = createServer({ noDelay: true }, (socket) => {
    let greeted = false;
    let received = Buffer.alloc(0);
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      if (!greeted) {
        const end = received.indexOf('\r\n\r\n');
        if (end < 0) return;
        received = received.subarray(end + 4);
        greeted = true;
        socket.write(head);
      }
      const { frames, rest } = unmasked(received);
      received = Buffer.from(rest);
      for (const frame of frames) {
        for (const one of broadcasts ? sockets : [socket]) send(one, frame);
      }
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** For answers that never come. The others have as long as in a benchmark: on a busy machine the server may not run for half a second. */
const STALL = { stallSeconds: PATIENCE };

async function opened(
  port: number,
  bytes: number,
  websocket: FrameKind,
  load: Load = 'stream',
  patience: { readonly stallSeconds?: number } = {},
) {
  const client = await LoadClient.start(undefined);
  const where = { port };
  const conns = CONNECTIONS;
  await client.open({ where, pid: process.pid, conns, bytes, websocket, load, ...patience });
  return client;
}

describe.skipIf(process.platform !== 'linux')('the load client on WebSocket', () => {
  beforeAll(buildNativeTools, 120_000);
  afterEach(async () => {
    await endChildren();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    for (const server of servers.splice(0)) server.close();
  });

  it.each([
    [64, 'text', 64],
    [64, 'binary', 7],
    [16_384, 'text', 10_000],
    [16_384, 'binary', 16_388],
  ] as const)(
    'finds nothing wrong with an honest echo (%i, %s, parts of %i)',
    async (bytes, kind, divided) => {
      const client = await opened(await serve({ divided }), bytes, kind);
      const figures = await client.measure(SLICE);
      expect(faultOf('server', figures)).toBeUndefined();
      expect(figures.messages).toBeGreaterThan(CONNECTIONS);
    },
  );

  it('receives each broadcast on every connection', async () => {
    const client = await opened(await serve({ broadcasts: true }), 64, 'text', 'broadcast');
    const figures = await client.measure(SLICE);
    expect(faultOf('server', figures)).toBeUndefined();
    expect(figures.messages % CONNECTIONS).toBe(0);
    expect(figures.messages).toBeGreaterThan(CONNECTIONS);
  });

  it.each([
    ['another status', SWITCHING.replace('101', '200')],
    ['another answer to the key', SWITCHING.replace('s3pP', 's3pQ')],
    ['an extension', SWITCHING.replace('upgrade:', 'Sec-WebSocket-Extensions: x\r\nupgrade:')],
    ['bytes after the handshake', `${SWITCHING}!`],
  ])('refuses %s', async (_fault, head) => {
    const port = await serve({ head });
    for (const load of ['stream', 'broadcast'] as const) {
      const client = opened(port, 64, 'text', load, { stallSeconds: 0.3 });
      await expect(client).rejects.toThrow('had no correct answer');
    }
  });

  const flipped = (at: number) => (frame: Buffer) => {
    frame[at] = (frame[at] ?? 0) ^ 1;
    return frame;
  };
  const faults = [
    ['another opcode', flipped(0), 'differentBytes'],
    ['another length', flipped(1), 'differentBytes'],
    ['another payload', flipped(40), 'differentBytes'],
    ['a missing byte', (frame: Buffer) => frame.subarray(1), 'missingBytes'],
    [
      'a byte too many',
      (frame: Buffer) => Buffer.concat([frame, frame.subarray(0, 1)]),
      'surplusBytes',
    ],
    ['no answer', () => undefined, 'missingBytes'],
  ] as const;

  it.each(faults)('counts %s', async (_fault, distort, count) => {
    const client = await opened(await serve({ distort }), 64, 'text', 'stream', STALL);
    const figures = await client.touch();
    expect(figures[count]).toBeGreaterThan(0);
    expect(faultOf('server', figures)).toBeDefined();
  });

  it.each(faults)('counts %s to one of many', async (_fault, distort, count) => {
    const toOne = (frame: Buffer, socket: Socket): Buffer | undefined =>
      socket === [...sockets].at(-1) ? distort(Buffer.from(frame)) : frame;
    const port = await serve({ broadcasts: true, distort: toOne });
    const client = await opened(port, 64, 'text', 'broadcast', STALL);
    const figures = await client.touch();
    expect(figures[count]).toBeGreaterThan(0);
    expect(figures.messages).toBeGreaterThanOrEqual(CONNECTIONS - 1);
  });

  it('counts the subscribers of a server that dies', async () => {
    const client = await opened(await serve({ broadcasts: true }), 64, 'text', 'broadcast');
    for (const socket of sockets) socket.destroy();
    const figures = await client.touch();
    expect(figures.lostConnections).toBeGreaterThan(0);
    expect(faultOf('server', figures)).toBeDefined();
  });
});
