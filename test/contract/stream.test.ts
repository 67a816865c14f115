/**
 * Bytes between a reactor and peers that are none of ours, and between several connections. The rules of a single
 * connection are in the transport contract.
 */
import { expect, it } from 'vitest';
import { contract } from '../support/contract.js';
import { latch, within } from '../support/deadline.js';
import { echo, patterned, quietMoment, served } from '../support/pairs.js';
import { Recorder } from '../support/recorder.js';
import { HAS_SS, ss } from '../support/sockets.js';

contract('bytes', (rig) => {
  it('come back from an echo, a few at a time', async () => {
    const { peer } = await served(rig, echo());
    for (let trip = 1; trip <= 20; trip++) {
      peer.write(`trip ${trip % 10}`);
      await peer.receive(trip * 6);
    }
    expect(peer.text).toBe(Array.from({ length: 20 }, (_, i) => `trip ${(i + 1) % 10}`).join(''));
  });

  it('come back from an echo, five million of them', async () => {
    const { peer } = await served(rig, echo());
    const data = patterned(5_000_000);
    peer.write(data);
    expect((await peer.receive(data.length)).equals(data)).toBe(true);
  });

  it('arrive in order when written from several places of a turn', async () => {
    const { protocol, peer } = await served(rig);
    const written: string[] = [];
    const write = (text: string): void => {
      written.push(text);
      protocol.transport.write(text);
    };
    const done = latch();
    write('at once ');
    process.nextTick(write, 'nextTick ');
    queueMicrotask(() => write('microtask '));
    rig.reactor.callLater(0, () => {
      write('callLater ');
      process.nextTick(write, 'nextTick again ');
      queueMicrotask(() => {
        write('microtask again');
        done.open();
      });
    });
    await within(done.promise, 'the writes');
    await rig.turns(1);
    expect(written).toHaveLength(6);
    const all = written.join('');
    expect((await peer.receive(all.length)).toString()).toBe(all);
  });

  it('written in one turn leave together', async ({ skip }) => {
    if (!HAS_SS) skip('ss(8) is needed to count segments');
    const { protocol, peer } = await served(
      rig,
      new Recorder({
        dataReceived: (_data, self) => {
          for (let i = 0; i < 50; i++) self.transport.write(`line ${i % 10}\n`);
        },
      }),
    );
    const segments = (): number =>
      Number(/\bdata_segs_out:(\d+)/.exec(ss(peer.remotePort, 'connections'))?.[1] ?? 0);
    expect(segments()).toBe(0);
    peer.write('go');
    await peer.receive(50 * 7);
    expect(segments()).toBe(1);
    expect(protocol.connected).toBe(true);
  });

  it('once received are never written over', async () => {
    const { protocol, peer } = await served(rig);
    const other = await served(rig, echo());
    const data = patterned(10_000_000, 7);
    // Node sends all that waits in one call, and Wine no more than 1,024 pieces: EMSGSIZE.
    for (let at = 0; at < data.length; ) {
      const size = 1 + ((at * 31) % 29_989);
      peer.write(data.subarray(at, at + size));
      at += size;
      if (at % 5 === 0) other.peer.write('between');
    }
    await protocol.receive(data.length);
    expect(protocol.chunks.length).toBeGreaterThan(100);
    expect(Buffer.concat(protocol.chunks).equals(data)).toBe(true);
  });

  it('once received may be changed by the receiver without harm to others', async () => {
    const { protocol, peer } = await served(
      rig,
      new Recorder({ dataReceived: (data) => void setImmediate(() => data.fill(0xff)) }),
    );
    const kept = await served(rig);
    const data = patterned(300_000);
    peer.write(data);
    kept.peer.write(data);
    await kept.protocol.receive(data.length);
    await protocol.receive(data.length);
    await quietMoment(rig);
    expect(kept.protocol.received.equals(data)).toBe(true);
  });
});

contract('reading', (rig) => {
  it('paused by another callback of the same turn receives nothing of that turn', async () => {
    const two = [await served(rig), await served(rig)] as const;
    const order: number[] = [];
    for (const [i, { protocol }] of two.entries()) {
      protocol.hooks = {
        dataReceived: () => {
          order.push(i);
          two[1 - i]?.protocol.call('pauseProducing');
        },
      };
    }
    for (const { peer } of two) peer.write('both at once');
    const [a, b] = two.map(({ protocol }) => protocol) as [Recorder, Recorder];
    await Promise.race([a.receive(1), b.receive(1)]);
    await quietMoment(rig);
    expect(order).toHaveLength(1);
    const later = order[0] === 0 ? b : a;
    expect(later.receivedBytes).toBe(0);
    later.hooks = {};
    later.call('resumeProducing');
    expect((await later.receive(12)).toString()).toBe('both at once');
  });
});
