/** Peers that ask and do not read, over real sockets: what waits for them stays within its limit. */
import { expect, it } from 'vitest';
import { Protocol } from '../../src/core/protocol.js';
import { HIGH_WATER_MARK_BYTES } from '../../src/core/transport.js';
import { LineReceiver } from '../../src/framing/line-receiver.js';
import { TooManyUnsentBytesError } from '../../src/policies/errors.js';
import { LimitUnsentBytesFactory } from '../../src/policies/limit-unsent-bytes.js';
import { contract, portOf, type Rig } from '../support/contract.js';
import { Pulse } from '../support/deadline.js';
import { listenLocal } from '../support/pairs.js';
import { RawPeer } from '../support/raw-peer.js';

const LIMIT = 1024 * 1024;
/** Bytes answered for each that was received. */
const FACTOR = 16;
const MAX_DELIVERY = 64 * 1024;
/** More than the system's buffers of both ends hold. */
const QUESTIONS = 2 * 1024 * 1024;
const READ_MS = 30_000;

/** Answers, and notes the most that waited to be sent. */
class Answering extends Protocol {
  readonly pulse: Pulse = new Pulse();
  peakBytes = 0;
  reason: Error | undefined = undefined;

  override dataReceived(data: Buffer): void {
    this.transport.write(Buffer.alloc(data.length * FACTOR));
    this.peakBytes = Math.max(this.peakBytes, this.transport.bufferedBytes);
    this.pulse.notify();
  }

  override connectionLost(reason: Error): void {
    this.reason = reason;
    this.pulse.notify();
  }
}

class AnsweringLines extends LineReceiver {
  override readonly appliesBackpressure = true;
  readonly pulse: Pulse = new Pulse();
  peakBytes = 0;

  override lineReceived(line: Buffer): void {
    this.transport.write(Buffer.alloc(line.length * 1_000));
    this.peakBytes = Math.max(this.peakBytes, this.transport.bufferedBytes);
    this.pulse.notify();
  }
}

async function deaf(rig: Rig, port: number): Promise<RawPeer> {
  const peer = rig.use(await RawPeer.connect(port));
  peer.socket.pause();
  return peer;
}

contract('a peer that asks and does not read', (rig) => {
  it('is ended over its limit', async () => {
    const protocol = new Answering();
    const limits = { clock: rig.reactor, maxBytes: LIMIT };
    const factory = new LimitUnsentBytesFactory(() => protocol, limits);
    const peer = await deaf(rig, portOf(listenLocal(rig.reactor, factory)));
    peer.write(Buffer.alloc(8 * QUESTIONS));
    await protocol.pulse.until(() => protocol.reason !== undefined, 'the end', READ_MS);
    expect(protocol.reason).toBeInstanceOf(TooManyUnsentBytesError);
    expect(factory.ended).toBe(1);
    // It is judged after the turn, and a few deliveries may come before.
    expect(protocol.peakBytes).toBeLessThan(LIMIT + 16 * FACTOR * MAX_DELIVERY);
    peer.socket.resume();
  });

  it('is not received from over its limit, and gets all answers when it reads', async () => {
    const protocol = new Answering();
    const limits = { clock: rig.reactor, maxBytes: LIMIT, outcome: 'pause' } as const;
    const factory = new LimitUnsentBytesFactory(() => protocol, limits);
    const peer = await deaf(rig, portOf(listenLocal(rig.reactor, factory)));
    peer.write(Buffer.alloc(QUESTIONS));
    const stuffed = (): boolean => factory.paused > 0 && factory.total.unsentBytes > LIMIT / 2;
    await protocol.pulse.until(stuffed, 'a pause', READ_MS);
    peer.socket.resume();
    await peer.until(() => peer.receivedBytes >= QUESTIONS * FACTOR, 'all answers', READ_MS);
    expect(protocol.peakBytes).toBeLessThanOrEqual(LIMIT + FACTOR * MAX_DELIVERY);
    expect(protocol.reason).toBeUndefined();
  });

  it('is given no answers by a receiver that applies backpressure, until it reads', async () => {
    const protocol = new AnsweringLines();
    const factory = new LimitUnsentBytesFactory(() => protocol, { clock: rig.reactor });
    const peer = await deaf(rig, portOf(listenLocal(rig.reactor, factory)));
    const lines = 30_000;
    peer.write('x\n'.repeat(lines));
    const stuffed = (): boolean => protocol.peakBytes > HIGH_WATER_MARK_BYTES;
    await protocol.pulse.until(stuffed, 'the mark', READ_MS);
    peer.socket.resume();
    await peer.until(() => peer.receivedBytes >= lines * 1_000, 'all answers', READ_MS);
    expect(protocol.peakBytes).toBeLessThanOrEqual(HIGH_WATER_MARK_BYTES + 1_000);
    expect(factory.ended).toBe(0);
  });
});
