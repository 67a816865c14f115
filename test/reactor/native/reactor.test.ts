/** What only the native reactor has: the time budget of a turn, pollers, busy polling, turn times. */
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, it } from 'vitest';

import { createReactor, Protocol, type Reactor } from '../../../src/index.js';
import { Pulse } from '../../support/deadline.js';

const reactors: Reactor[] = [];
const sockets: Socket[] = [];

function make(options: Parameters<typeof createReactor>[0] = {}): Reactor {
  const reactor = createReactor({ ...options, kind: 'native' });
  reactors.push(reactor);
  return reactor;
}

async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  sockets.push(socket);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const reactor of reactors.splice(0)) await reactor[Symbol.asyncDispose]();
});

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

/** Keeps the turn busy. */
function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('a batch that takes longer than its time budget', () => {
  const CONNECTIONS = 200;
  // Of these the receive arena holds 80: more than the 64 events after which the clock is first looked at.
  const BYTES = 3072;

  it('continues in the next turn with the bytes of the same batch', async () => {
    const reactor = make();
    const pulse = new Pulse();
    let accepted = 0;
    let received = 0;
    const seen = new Map<number, number>();
    let immediates = 0;
    const port = reactor.listenTCP(0, () => ({
      connectionMade() {
        accepted += 1;
        pulse.notify();
      },
      dataReceived(data) {
        for (const byte of data) seen.set(byte, (seen.get(byte) ?? 0) + 1);
        received += data.length;
        spin(0.3);
        pulse.notify();
      },
    }));
    const peers = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => dial(port.getHost().port)),
    );
    await pulse.until(() => accepted === CONNECTIONS, 'all connections');
    for (const [index, peer] of peers.entries()) peer.write(Buffer.alloc(BYTES, index + 1));
    spin(20); // all of it is there when the reactor next looks
    const count = (): void => {
      immediates += 1;
      if (received < CONNECTIONS * BYTES) setImmediate(count);
    };
    setImmediate(count);
    await pulse.until(() => received === CONNECTIONS * BYTES, 'all bytes');
    const sent = peers.map((_peer, index) => [index + 1, BYTES]);
    expect([...seen].sort(([one], [other]) => one - other)).toEqual(sent);
    // 200 events of 0.3 ms in slices of 10 ms: Node's loop went round in between.
    expect(immediates).toBeGreaterThan(2);
  });
});

describe('pollers', () => {
  it('are named by the reactor', () => {
    expect(make({ poller: 'epoll' }).poller).toBe('epoll');
    expect(make({ poller: 'poll' }).poller).toBe('poll');
    expect(make().poller).toBe('epoll');
  });

  it('that are not known are refused', () => {
    expect(() => make({ poller: 'select' as never })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });
});

describe('busyPollUs', () => {
  it.each([-1, 0.5, 2e6, Number.NaN])('is not %s', (busyPollUs) => {
    expect(() => make({ busyPollUs })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });

  it('lets Node go on: timers fire while it polls', async () => {
    const reactor = make({ busyPollUs: 100_000 });
    const port = reactor.listenTCP(0, () => ({
      dataReceived: (data, transport) => transport.write(data),
    }));
    const peer = await dial(port.getHost().port);
    const pulse = new Pulse();
    let echoed = '';
    let fired = false;
    peer.on('data', (data) => {
      echoed += data;
      pulse.notify();
    });
    setTimeout(() => {
      fired = true;
      pulse.notify();
    }, 1);
    peer.write('hello');
    await pulse.until(() => fired && echoed === 'hello', 'the timer and the echo');
  });
});

describe('busyPollUs under traffic without end', () => {
  it('lets Node continue anyway', async () => {
    const reactor = make({ busyPollUs: 100_000 });
    const port = reactor.listenTCP(0, Echo, { interface: '127.0.0.1' });
    let trips = 0;
    let stopped = false;
    // Both ends are in this reactor, so each turn finds more: the answer to what the last one sent.
    reactor.connectTCP('127.0.0.1', port.getHost().port, () => ({
      connectionMade: (transport) => transport.write('x'),
      dataReceived(data, transport) {
        trips += 1;
        if (!stopped) transport.write(data);
      },
    }));
    const before = await new Promise<number>((resolve) => setTimeout(() => resolve(trips), 30));
    const after = await new Promise<number>((resolve) => setTimeout(() => resolve(trips), 30));
    stopped = true;
    expect(after).toBeGreaterThan(before);
  });
});

describe('measureTurns', () => {
  it('gives the length of the turns since the last call', async () => {
    const reactor = make({ measureTurns: true });
    const pulse = new Pulse();
    let received = '';
    const port = reactor.listenTCP(0, () => ({
      dataReceived(data, transport) {
        if (received === '') spin(5);
        received += data;
        transport.write(data);
        pulse.notify();
      },
    }));
    const peer = await dial(port.getHost().port);
    for (const text of ['slow', 'after']) {
      peer.write(text);
      await pulse.until(() => received.endsWith(text), text);
    }
    peer.end('last');
    await pulse.until(() => received.endsWith('last'), 'last');
    expect(reactor.statistics().turnMsP99).toBeGreaterThanOrEqual(4);
    expect(reactor.statistics().turnMsP99).toBe(0);
  });
});
