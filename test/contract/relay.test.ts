/** Two joined connections: bytes, backpressure and ends pass through. */
import { expect, it } from 'vitest';
import { NotConnectedError, ProducerRegisteredError } from '../../src/core/errors/connection.js';
import { joinEnds, RelayEnd } from '../../src/index.js';
import { IdleTimeout } from '../../src/policies/idle-timeout.js';
import { IdleTimeouts } from '../../src/policies/idle-timeouts.js';
import { WrappingFactory } from '../../src/policies/wrapping-factory.js';
import { contract, portOf, type Rig } from '../support/contract.js';
import { Pulse } from '../support/deadline.js';
import { listenLocal, patterned, quietMoment } from '../support/pairs.js';
import { RawPeer, RawServer } from '../support/raw-peer.js';

class End extends RelayEnd {
  lost: Error | undefined = undefined;
  readonly pulse: Pulse = new Pulse();

  override connectionMade(): void {
    super.connectionMade();
    this.pulse.notify();
  }

  override connectionLost(reason: Error): void {
    this.lost = reason;
    super.connectionLost(reason);
    this.pulse.notify();
  }

  until(condition: () => boolean, what: string): Promise<void> {
    return this.pulse.until(condition, `a relay's ${what}`);
  }
}

/** Receives all bytes, so that the system does not relay them by itself. */
class ReceivingEnd extends End {
  longest = 0;

  override dataReceived(data: Buffer): void {
    this.longest = Math.max(this.longest, data.length);
    super.dataReceived(data);
  }
}

/** `plain`: the native reactor may relay without receiving. */
const WAYS = ['plain', 'receiving', 'wrapped'] as const;
type Way = (typeof WAYS)[number];

interface Relay {
  readonly client: RawPeer;
  readonly target: RawPeer;
  readonly inbound: End;
  readonly outbound: End;
}

/** A client and a target, and the ends of a proxy between them, connected and not joined. */
async function relay(rig: Rig, way: Way = 'plain'): Promise<Relay> {
  const raw = rig.use(await RawServer.listen());
  const newEnd = (): End => (way === 'receiving' ? new ReceivingEnd() : new End());
  const [inbound, outbound] = [newEnd(), newEnd()];
  const factory = way === 'wrapped' ? new WrappingFactory(() => inbound) : () => inbound;
  const listening = listenLocal(rig.reactor, factory);
  rig.reactor.connectTCP('127.0.0.1', raw.port, () => outbound);
  const client = rig.use(await RawPeer.connect(portOf(listening)));
  const target = await raw.peer();
  for (const end of [inbound, outbound]) await end.until(() => end.connected, 'connection');
  return { client, target, inbound, outbound };
}

async function joined(rig: Rig, way?: Way): Promise<Relay> {
  const all = await relay(rig, way);
  joinEnds(all.inbound, all.outbound);
  return all;
}

const MUCH = 3_000_000;

contract('a relay', (rig) => {
  it.each(WAYS)('passes bytes in both directions (%s)', async (way) => {
    const { client, target } = await joined(rig, way);
    const [there, back] = [patterned(MUCH, 1), patterned(MUCH, 2)];
    client.write(there);
    target.write(back);
    expect((await target.receive(MUCH)).equals(there)).toBe(true);
    expect((await client.receive(MUCH)).equals(back)).toBe(true);
  });

  it('holds back bytes that arrive before the ends are joined', async () => {
    const { client, target, inbound, outbound } = await relay(rig);
    client.write('early');
    target.write('EARLY');
    await quietMoment(rig);
    joinEnds(inbound, outbound);
    expect((await target.receive(5)).toString()).toBe('early');
    expect((await client.receive(5)).toString()).toBe('EARLY');
  });

  it.each(WAYS)('receives no faster than the other end can send (%s)', async (way) => {
    const { client, target, outbound } = await joined(rig, way);
    const received = (): number => rig.reactor.statistics().bytesReceived;
    target.socket.pause();
    const bytes = patterned(40_000_000);
    client.write(bytes);
    // A quiet moment receives three bytes at each end of its own.
    for (let before = -1; received() - before > 20; await quietMoment(rig)) before = received();
    expect(outbound.transport.bufferedBytes).toBeLessThan(1_200_000);
    expect(received()).toBeLessThan(bytes.length);
    target.socket.resume();
    expect((await target.receive(bytes.length)).equals(bytes)).toBe(true);
  });

  it.each(WAYS)('passes ends on, and closes when both have ended (%s)', async (way) => {
    const { client, target, inbound, outbound } = await joined(rig, way);
    client.write('question');
    client.end();
    await target.untilEnded();
    expect(target.text).toBe('question');
    target.write('answer');
    target.end();
    await client.untilEnded();
    expect(client.text).toBe('answer');
    for (const end of [inbound, outbound]) await end.until(() => end.lost !== undefined, 'end');
    expect([inbound.lost?.name, outbound.lost?.name]).toEqual(['ConnectionDone', 'ConnectionDone']);
  });

  it.each(WAYS)('passes on all bytes before the end (%s)', async (way) => {
    const { client, target } = await joined(rig, way);
    const bytes = patterned(MUCH);
    client.write(bytes);
    client.end();
    await target.untilEnded();
    expect(target.received.equals(bytes)).toBe(true);
  });

  it.each(WAYS)('passes a reset on (%s)', async (way) => {
    const { client, target, outbound } = await joined(rig, way);
    client.write('x');
    await target.receive(1);
    client.reset();
    await target.until(() => target.closed, 'close');
    expect(target.error?.code).toBe('ECONNRESET');
    await outbound.until(() => outbound.lost !== undefined, 'end');
    expect(outbound.lost?.name).toBe('ConnectionAborted');
  });

  it('ends when the proxy aborts one side', async () => {
    const { client, target, inbound } = await joined(rig);
    inbound.transport.abortConnection();
    await Promise.all([client.untilGone(), target.untilGone()]);
  });

  it('ends with the reactor', async () => {
    const { client, target } = await joined(rig);
    client.write('x');
    await target.receive(1);
    await rig.reactor[Symbol.asyncDispose]();
    await Promise.all([client.untilGone(), target.untilGone()]);
  });

  it.each(WAYS)('restarts a time-out for the bytes of either end (%s)', async (way) => {
    const { client, target, inbound, outbound } = await relay(rig, way);
    const timeouts = new IdleTimeouts(rig.reactor);
    const idle = new IdleTimeout(timeouts, inbound.transport, () => {});
    let resets = 0;
    idle.reset = () => void resets++;
    joinEnds(inbound, outbound, idle);
    client.write('a');
    await target.receive(1);
    target.write('b');
    await client.receive(1);
    expect(resets).toBeGreaterThanOrEqual(2);
  });

  it('counts as traffic of the reactor', async () => {
    const { client, target } = await joined(rig);
    const before = rig.reactor.statistics();
    client.write(Buffer.alloc(MUCH));
    await target.receive(MUCH);
    const { bytesReceived, bytesSent } = rig.reactor.statistics();
    expect(bytesReceived - before.bytesReceived).toBe(MUCH);
    expect(bytesSent - before.bytesSent).toBe(MUCH);
  });

  it('refuses ends that are not connected, or joined already', async () => {
    const { client, target, inbound, outbound } = await relay(rig);
    expect(() => joinEnds(inbound, new RelayEnd())).toThrow(NotConnectedError);
    expect(() => joinEnds(new RelayEnd(), inbound)).toThrow(NotConnectedError);
    expect(() => joinEnds(inbound, inbound)).toThrow(ProducerRegisteredError);
    joinEnds(inbound, outbound);
    expect(() => joinEnds(inbound, outbound)).toThrow(ProducerRegisteredError);
    client.write('still joined');
    await target.receive(12);
  });

  it('joins an end whose peer has finished already', async () => {
    const { client, target, inbound, outbound } = await relay(rig);
    inbound.transport.resumeProducing();
    client.end();
    await quietMoment(rig);
    joinEnds(inbound, outbound);
    await target.untilEnded();
    target.write('answer');
    target.end();
    await client.untilEnded();
    expect(client.text).toBe('answer');
  });
});

contract('large reads', (rig) => {
  it('are made of plain connections of the native reactor', async () => {
    const { client, target, inbound, outbound } = await relay(rig, 'receiving');
    const bytes = patterned(8_000_000);
    client.write(bytes);
    await quietMoment(rig);
    joinEnds(inbound, outbound);
    expect((await target.receive(bytes.length)).equals(bytes)).toBe(true);
    const { longest } = inbound as ReceivingEnd;
    expect(longest).toBeLessThanOrEqual(rig.native ? 512 * 1024 : 65_536);
    if (rig.native && process.platform === 'linux') expect(longest).toBeGreaterThan(65_536);
  });
});

contract('ends that have nothing to do but pass bytes on', (rig) => {
  it('do not receive them on Linux, with the native reactor', async () => {
    const { client, target, inbound, outbound } = await relay(rig);
    let [received, relayed] = [0, 0];
    const passes = inbound.bytesRelayed.bind(inbound);
    inbound.bytesRelayed = (count) => {
      relayed += count;
      passes(count);
    };
    joinEnds(inbound, outbound);
    // After joining: before, this method would show that there is more to do.
    inbound.dataReceived = (data) => {
      received += data.length;
      outbound.transport.write(data);
    };
    client.write(patterned(MUCH));
    await target.receive(MUCH);
    const byItself = rig.native && process.platform === 'linux';
    expect([received, relayed]).toEqual(byItself ? [0, MUCH] : [MUCH, 0]);
  });
});
