/** Large writes are kept by reference: what becomes of a connection whose bytes are taken away before they are sent. */
import { expect, it } from 'vitest';
import { ConnectionLost, type SystemError } from '../../src/index.js';
import { contract, type Rig } from '../support/contract.js';
import { HUGE, quietMoment, type ServedPeer, served } from '../support/pairs.js';
import { Recorder } from '../support/recorder.js';

const OURS = 0x61;
const THEIRS = 0x7a;

const resizable = (bytes: number): ArrayBuffer & { resize(bytes: number): void } =>
  new (
    ArrayBuffer as unknown as new (
      bytes: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(bytes: number): void }
  )(bytes, { maxByteLength: bytes * 2 });

/** What a new owner of the memory may do. */
function takeAway(buffer: ArrayBuffer): void {
  new Uint8Array(structuredClone(buffer, { transfer: [buffer] })).fill(THEIRS);
}

/** A connection whose peer does not read, with as much written as some of it waits. */
async function stuffed(rig: Rig, bytes: Uint8Array): Promise<ServedPeer> {
  const pair = await served(rig, new Recorder());
  pair.peer.socket.pause();
  pair.protocol.transport.write(bytes.fill(OURS));
  await quietMoment(rig);
  expect(pair.protocol.transport.bufferedBytes).toBeGreaterThan(0);
  return pair;
}

async function expectFault({ protocol, peer }: ServedPeer): Promise<void> {
  peer.socket.resume();
  const reason = await protocol.lost();
  expect(reason).toBeInstanceOf(ConnectionLost);
  expect((reason.cause as SystemError).code).toBe('EFAULT');
  await peer.until(() => peer.closed || peer.ended, 'the end of the connection');
  expect(peer.received.equals(Buffer.alloc(peer.receivedBytes, OURS))).toBe(true);
  expect(peer.receivedBytes).toBeLessThan(HUGE);
}

contract('bytes that are kept by reference', (rig) => {
  it('end their connection if they were transferred away in the turn of their write', async () => {
    const pair = await served(rig);
    const bytes = new Uint8Array(HUGE).fill(OURS);
    pair.protocol.transport.write(bytes);
    takeAway(bytes.buffer);
    await expectFault(pair);
  });

  it('end their connection if they are transferred away while they are sent', async () => {
    const bytes = new Uint8Array(HUGE);
    const pair = await stuffed(rig, bytes);
    takeAway(bytes.buffer);
    await expectFault(pair);
  });

  it('end their connection if it closes before they are sent', async () => {
    const bytes = new Uint8Array(HUGE);
    const pair = await stuffed(rig, bytes);
    takeAway(bytes.buffer);
    pair.protocol.transport.loseConnection();
    await expectFault(pair);
  });

  it('end their connection if they are made shorter', async () => {
    for (const left of [0, 100_000, HUGE - 1]) {
      const buffer = resizable(HUGE);
      const pair = await stuffed(rig, new Uint8Array(buffer));
      buffer.resize(left);
      await expectFault(pair);
    }
  });

  it('harm no other bytes if they are transferred while earlier ones are unsent', async () => {
    const first = new Uint8Array(HUGE);
    const pair = await stuffed(rig, first);
    const { protocol, peer } = pair;
    const second = new Uint8Array(100_000).fill(OURS);
    protocol.transport.write(second);
    takeAway(second.buffer);
    protocol.transport.write('behind');
    await quietMoment(rig);
    expect(protocol.reason).toBeUndefined();
    peer.socket.resume();
    expect(((await protocol.lost()).cause as SystemError).code).toBe('EFAULT');
  });

  it('are sent if their buffer has grown, or is shared', async () => {
    const grown = resizable(HUGE);
    const shared = new Uint8Array(new SharedArrayBuffer(HUGE));
    for (const bytes of [new Uint8Array(grown), shared]) {
      const { protocol, peer } = await stuffed(rig, bytes);
      if (bytes.buffer === grown) grown.resize(HUGE + 4096);
      peer.socket.resume();
      protocol.transport.loseConnection();
      await peer.until(() => peer.ended, 'the end');
      expect(peer.receivedBytes).toBe(HUGE);
      expect(peer.received.equals(Buffer.alloc(peer.receivedBytes, OURS))).toBe(true);
      peer.end();
    }
  });

  it('keep their order with small ones, however they are mixed', async () => {
    const { protocol, peer } = await served(rig);
    const expected: Buffer[] = [];
    for (let i = 0; i < 60; i++) {
      const bytes = Buffer.alloc(i % 3 === 0 ? 16_384 + i * 997 : 1 + i * 31, i);
      protocol.transport.write(bytes);
      expected.push(bytes);
      if (i % 7 === 0) await rig.turns(1);
      if (i === 20) peer.socket.pause();
      if (i === 50) peer.socket.resume();
    }
    const all = Buffer.concat(expected);
    expect((await peer.receive(all.byteLength)).equals(all)).toBe(true);
    expect(protocol.transport.bufferedBytes).toBe(0);
  });
});
