/**
 * Many WebSocket clients over node:net: `websocket-crowd.ts PORT COUNT`. Prints `open` when all are open. Each line of its input is the
 * text of the next message, or `close` for a close frame with 1001. It prints `received` and the number of the line when all clients
 * have received exactly that frame, and `closed` when the server has ended all connections.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** Connections that are opened at once. */
const BATCH = 100;
const FINAL = 0x80;
const TEXT = 1;
const CLOSE = 8;
const GOING_AWAY = Buffer.from([1001 >> 8, 1001 & 0xff]);
/** Its masking key is 0. */
const CLOSE_ANSWER = Buffer.concat([Buffer.from([FINAL | CLOSE, 0x82, 0, 0, 0, 0]), GOING_AWAY]);

const [port, count] = process.argv.slice(2).map(Number) as [number, number];
const sockets: Socket[] = [];
let received: Buffer[] = [];
let expected = Buffer.alloc(0);
let complete = 0;
let round = 0;
let ended = 0;

function fail(text: string): never {
  console.log(`failed: ${text}`);
  process.exit(1);
}

function dataReceived(index: number, data: Buffer): void {
  const all = Buffer.concat([received[index] ?? Buffer.alloc(0), data]);
  received[index] = all;
  if (!expected.subarray(0, all.length).equals(all)) fail(`${index}: ${all.toString('latin1')}`);
  if (all.length < expected.length) return;
  if (expected[0] === (FINAL | CLOSE)) sockets[index]?.write(CLOSE_ANSWER);
  complete += 1;
  if (complete === count) console.log(`received ${round}`);
}

/** Every client expects a frame of the server. */
function expectFrame(opcode: number, payload: Buffer): void {
  expected = Buffer.concat([Buffer.from([FINAL | opcode, payload.length]), payload]);
  received = [];
  complete = 0;
  round += 1;
}

async function open(index: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  sockets.push(socket);
  socket.on('error', (error) => fail(String(error)));
  await once(socket, 'connect');
  socket.write(
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  let head = '';
  while (!head.endsWith('\r\n\r\n')) head += String((await once(socket, 'data'))[0]);
  if (!head.startsWith('HTTP/1.1 101 ')) fail(head);
  socket.on('data', (data: Buffer) => dataReceived(index, data));
  socket.on('end', () => {
    ended += 1;
    socket.destroy();
    if (ended === count) console.log('closed');
  });
}

for (let at = 0; at < count; at += BATCH) {
  await Promise.all(Array.from({ length: Math.min(BATCH, count - at) }, (_, i) => open(at + i)));
}
console.log('open');

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'close') expectFrame(CLOSE, GOING_AWAY);
  else expectFrame(TEXT, Buffer.from(line));
  console.log(`expecting ${line}`);
}
