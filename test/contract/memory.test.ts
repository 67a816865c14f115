/** Memory stays bounded where one side is slow, and bufferedBytes tells the truth. */
import { expect, it } from 'vitest';
import { HIGH_WATER_MARK_BYTES } from '../../src/index.js';
import { contract } from '../support/contract.js';
import { HUGE, patterned, quietMoment, served } from '../support/pairs.js';
import type { RawPeer } from '../support/raw-peer.js';

const MiB = 1024 * 1024;
const CHUNK = 64 * 1024;

/** Sanitizers keep freed memory back for a while: the process then tells nothing of what is held. */
const RSS_TELLS = process.env.ROPEWALK_SANITIZE === undefined;

function expectGrowthBelow(limitMiB: number, growthBytes: number): void {
  if (RSS_TELLS) expect(growthBytes / MiB).toBeLessThan(limitMiB);
}

/** Forgets what it receives, and stops reading for a moment after every few pieces. */
function readSlowly(peer: RawPeer): void {
  let pieces = 0;
  peer.socket.on('data', () => {
    peer.chunks.length = 0;
    pieces += 1;
    if (pieces % 8 === 0) {
      peer.socket.pause();
      setImmediate(() => peer.socket.resume());
    }
  });
}

contract('memory', (rig) => {
  it('is bounded while a producer sends 200 MB to a slow reader', async () => {
    const { protocol, peer } = await served(rig);
    const { transport } = protocol;
    readSlowly(peer);
    const total = 200_000_000;
    const piece = patterned(CHUNK);
    let sent = 0;
    let paused = false;
    let highest = 0;
    const produce = (): void => {
      paused = false;
      while (!paused && sent < total) {
        transport.write(piece);
        sent += piece.length;
        highest = Math.max(highest, transport.bufferedBytes);
      }
      if (sent >= total) transport.unregisterProducer();
    };
    const before = process.memoryUsage.rss();
    let worst = 0;
    const watch = setInterval(() => {
      worst = Math.max(worst, process.memoryUsage.rss() - before);
    }, 5);
    try {
      transport.registerProducer(
        {
          pauseProducing: () => {
            paused = true;
          },
          resumeProducing: produce,
          stopProducing: () => {},
        },
        true,
      );
      produce();
      await peer.until(() => peer.receivedBytes >= Math.max(sent, total), '200 MB', 15_000);
    } finally {
      clearInterval(watch);
    }
    expect(peer.receivedBytes).toBe(sent);
    expect(highest).toBeGreaterThan(HIGH_WATER_MARK_BYTES);
    expect(highest).toBeLessThanOrEqual(HIGH_WATER_MARK_BYTES + CHUNK);
    expectGrowthBelow(128, worst);
  });

  it('is bounded while a peer sends 100 MB to a paused transport', async () => {
    const { protocol, peer } = await served(rig);
    protocol.call('pauseProducing');
    await rig.turns(2);
    const piece = patterned(MiB);
    const before = process.memoryUsage.rss();
    // node:net keeps references to the one piece: it costs the peer next to nothing.
    for (let i = 0; i < 100; i++) peer.write(piece);
    await quietMoment(rig);
    expect(protocol.receivedBytes).toBe(0);
    expectGrowthBelow(32, process.memoryUsage.rss() - before);
    let received = 0;
    protocol.hooks = {
      dataReceived: (data, self) => {
        received += data.length;
        self.chunks.length = 0;
        if (received % 3 === 0) {
          self.call('pauseProducing');
          rig.reactor.callLater(0, () => self.call('resumeProducing'));
        }
      },
    };
    protocol.call('resumeProducing');
    await protocol.until(() => received >= 100 * MiB, '100 MiB', 15_000);
    expect(received).toBe(100 * MiB);
  });

  it('of received data goes when the application releases it', async () => {
    const { protocol, peer } = await served(rig);
    const piece = patterned(MiB);
    let received = 0;
    protocol.hooks = {
      dataReceived: (data, self) => {
        received += data.length;
        self.chunks.length = 0;
      },
    };
    const before = process.memoryUsage.rss();
    for (let i = 0; i < 400; i++) peer.write(piece);
    await protocol.until(() => received >= 400 * MiB, '400 MiB', 15_000);
    expectGrowthBelow(200, process.memoryUsage.rss() - before);
  });
});

contract('bufferedBytes', (rig) => {
  it('counts unsent bytes exactly', async () => {
    const { protocol } = await served(rig);
    const { transport } = protocol;
    let expected = 0;
    const write = (data: Uint8Array | string): void => {
      transport.write(data);
      expected += Buffer.byteLength(data);
      expect(transport.bufferedBytes).toBe(expected);
    };
    expect(transport.bufferedBytes).toBe(0);
    write('text');
    write('ünïcödé €😀');
    write('');
    write(patterned(16_383));
    write(patterned(16_384));
    write(patterned(100_000));
    write('€'.repeat(30_000));
    write('x');
  });

  it('and the bytes that the peer received add up to all written bytes', async () => {
    const { protocol, peer } = await served(rig);
    peer.socket.pause();
    const total = HUGE;
    protocol.transport.write(patterned(total));
    await quietMoment(rig);
    const left = protocol.transport.bufferedBytes;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(total);
    await quietMoment(rig);
    expect(protocol.transport.bufferedBytes).toBe(left);
    peer.socket.resume();
    await peer.receive(total);
    await rig.turns(2);
    expect(protocol.transport.bufferedBytes).toBe(0);
    expect(peer.receivedBytes).toBe(total);
  });

  it('is zero once the connection is gone', async () => {
    const { protocol, peer } = await served(rig);
    peer.socket.pause();
    protocol.transport.write(patterned(HUGE));
    await quietMoment(rig);
    peer.reset();
    await protocol.lost();
    expect(protocol.transport.bufferedBytes).toBe(0);
  });
});
