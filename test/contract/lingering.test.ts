/** Closing while the peer is in the midst of sending, and what is heard of a peer that refuses what is being sent to it. */
import { expect, it } from 'vitest';
import {
  ConnectionAborted,
  ConnectionDone,
  ConnectionLost,
} from '../../src/core/errors/connection.js';
import { Factory } from '../../src/core/factory.js';
import { Protocol } from '../../src/core/protocol.js';
import { LineTooLongError } from '../../src/framing/errors.js';
import { expectInput } from '../../src/internal/expects-input.js';
import { contract, type Rig } from '../support/contract.js';
import { DEADLINE_MS, within } from '../support/deadline.js';
import {
  connected,
  echo,
  HUGE,
  listenLocal,
  patterned,
  quietMoment,
  type ServedPeer,
  served,
} from '../support/pairs.js';
import { needs } from '../support/platform.js';
import { RawPeer } from '../support/raw-peer.js';
import { Recorder, RecordingFactory } from '../support/recorder.js';

const LINGER_BYTES = 64 * 1024 * 1024;
const MAX_ORPHANS = 1024;

/** A connection whose protocol has said good-bye while something was unread; the peer knows and has not ended. */
async function lingering(rig: Rig): Promise<ServedPeer> {
  const pair = await served(rig);
  const { protocol, peer } = pair;
  protocol.call('pauseProducing');
  peer.write('unread');
  await quietMoment(rig);
  protocol.call('write', 'good-bye');
  protocol.call('loseConnection');
  await peer.untilEnded();
  expect(peer.text).toBe('good-bye');
  return pair;
}

/** A connection with `lingerSeconds` whose protocol has written `data`, more than its peer, who does not read, has room for. */
async function unacknowledged(rig: Rig): Promise<ServedPeer & { data: Buffer }> {
  const options = { lingerSeconds: 3600, sendBufferBytes: 4_000_000 };
  const pair = await served(rig, new Recorder(), options);
  pair.peer.socket.pause();
  const data = patterned(1_500_000);
  pair.protocol.call('write', data);
  return { ...pair, data };
}

/** Sends on for as long as the connection takes it. */
function flood({ socket }: ServedPeer['peer']): void {
  const block = Buffer.alloc(64 * 1024);
  const more = (): void => {
    while (!socket.destroyed && socket.write(block));
  };
  socket.on('drain', more);
  more();
}

contract('loseConnection while the peer sends', (rig) => {
  it('lets it have the whole of an answer that comes early', async () => {
    const answer = patterned(200_000);
    const protocol = new Recorder({
      dataReceived: (_data, self) => {
        self.call('write', answer);
        self.call('loseConnection');
      },
    });
    const { peer } = await served(rig, protocol);
    peer.write(Buffer.alloc(3_000_000));
    await peer.untilEnded();
    expect(peer.received.equals(answer)).toBe(true);
    peer.write(Buffer.alloc(1_000_000));
    peer.end();
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    expect(peer.error).toBeUndefined();
    expect(protocol.chunks.length).toBe(1);
  });

  it('does not reset a slow reader for a byte that was never read', async () => {
    const protocol = new Recorder({
      dataReceived: (_data, self) => {
        self.call('write', patterned(HUGE));
        self.call('loseConnection');
      },
    });
    const { peer } = await served(rig, protocol);
    peer.write('request');
    await peer.receive(1);
    peer.write('.');
    await peer.untilEnded();
    expect(peer.receivedBytes).toBe(HUGE);
    peer.end();
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    expect(peer.error).toBeUndefined();
  });

  it('discards input that the protocol expects, even if none has arrived', async () => {
    const protocol = new Recorder({
      dataReceived: (_data, self) => {
        self.call('write', 'refused');
        expectInput(self.transport);
        self.call('loseConnection');
      },
    });
    const { peer } = await served(rig, protocol);
    peer.write('head');
    await peer.untilEnded();
    await quietMoment(rig);
    expect(protocol.lostCount).toBe(0);
    for (let i = 0; i < 3; i++) {
      peer.write(Buffer.alloc(1_000));
      await quietMoment(rig);
    }
    peer.end();
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    expect(peer.error).toBeUndefined();
    expect(peer.text).toBe('refused');
  });

  it('calls connectionLost when the peer has ended too', async () => {
    const { protocol, peer } = await lingering(rig);
    peer.write(Buffer.alloc(100_000));
    await quietMoment(rig);
    expect(protocol.lostCount).toBe(0);
    expect(protocol.transport).toMatchObject({ connected: true, disconnecting: true });
    peer.end();
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    expect(protocol.receivedBytes).toBe(0);
  });

  it('treats a reset as the end', async () => {
    const { protocol, peer } = await lingering(rig);
    peer.reset();
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
  });

  it('can be overtaken by abortConnection', async () => {
    const { protocol, peer } = await lingering(rig);
    protocol.call('abortConnection');
    expect(await protocol.lost()).toBeInstanceOf(ConnectionAborted);
    flood(peer);
    await peer.until(() => peer.closed, 'close');
  });

  it('throws away so much and no more', async () => {
    const { protocol, peer } = await lingering(rig);
    flood(peer);
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    expect(peer.socket.bytesWritten).toBeGreaterThanOrEqual(LINGER_BYTES);
  });

  it('leaves others their turns while it throws away', async () => {
    const { protocol, peer } = await lingering(rig);
    const other = await served(rig, echo());
    flood(peer);
    for (let trip = 1; trip <= 10; trip++) {
      other.peer.write('.');
      await other.peer.receive(trip);
    }
    protocol.call('abortConnection');
  });
});

contract('a protocol that throws while the peer sends', (rig) => {
  it('has its last bytes delivered', async () => {
    const error = new Error('no such command');
    const protocol = new Recorder({
      dataReceived: (_data, self) => {
        self.call('write', 'what?');
        throw error;
      },
    });
    const { peer } = await served(rig, protocol);
    peer.write(Buffer.alloc(1_000_000));
    expect(await protocol.lost()).toBe(error);
    await peer.untilEnded();
    expect(rig.takeReports()).toMatchObject([{ error }]);
    expect(peer.text).toBe('what?');
    expect(peer.error).toBeUndefined();
  });
});

contract('peers that keep sending after the server has given them up', (rig) => {
  it('hold a limited number of sockets', async () => {
    const extra = 5;
    class Refusing extends Protocol {
      override dataReceived(): void {
        throw new LineTooLongError(0);
      }
    }
    const port = listenLocal(rig.reactor, Factory.forProtocol(Refusing)).getHost().port;
    const peers: RawPeer[] = [];
    // Connections that are quiet for LINGER_QUIET_MS do not count any more, and a slow machine takes longer for all of them.
    const keepSending = (): void => {
      for (const peer of peers) if (!peer.closed) peer.write('.');
    };
    const join = async (count: number): Promise<RawPeer[]> => {
      const joining = Array.from({ length: count }, () => rig.use(RawPeer.start(port)));
      for (const peer of joining) peer.write(Buffer.alloc(32 * 1024));
      for (const peer of joining) await peer.untilGone();
      peers.push(...joining);
      keepSending();
      return joining;
    };
    while (peers.length < MAX_ORPHANS) await join(128);
    const refused = await join(extra);
    // A closed socket answers with a reset, which a later write shows.
    const end = performance.now() + DEADLINE_MS;
    while (!refused.every(({ closed }) => closed)) {
      expect(performance.now(), 'waits in vain for closed sockets').toBeLessThan(end);
      await quietMoment(rig);
      keepSending();
    }
    expect(peers.filter((peer) => !peer.closed)).toHaveLength(MAX_ORPHANS);
  });
});

contract('stopping while a connection lingers', (rig) => {
  it('waits for a peer that is sending', async () => {
    const { reactor } = rig;
    const other = rig.make();
    const run = reactor.run({ installSignalHandlers: false });
    const { protocol, peer } = await lingering(rig);
    let over = false;
    run.addCallback(() => {
      over = true;
    });
    reactor.stop();
    for (let i = 0; i < 20; i++) {
      peer.write(Buffer.alloc(10_000));
      await quietMoment(rig, other);
    }
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    expect(over).toBe(false);
    peer.end();
    await within(run, 'run to settle');
    expect(peer.error).toBeUndefined();
  });

  it('waits for a peer that was sending when the reactor closed the connection', async () => {
    const { reactor } = rig;
    const other = rig.make();
    const run = reactor.run({ installSignalHandlers: false });
    const { protocol, peer } = await served(rig);
    peer.socket.pause();
    const answer = patterned(50_000);
    protocol.call('write', answer);
    protocol.call('pauseProducing');
    peer.write('unread');
    await quietMoment(rig);
    let over = false;
    run.addCallback(() => {
      over = true;
    });
    reactor.stop();
    expect(await protocol.lost()).toBeInstanceOf(ConnectionLost);
    peer.write('more');
    await quietMoment(rig, other);
    expect(over).toBe(false);
    peer.socket.resume();
    await peer.untilEnded();
    expect(peer.received.equals(answer)).toBe(true);
    peer.end();
    await within(run, 'run to settle');
    expect(peer.error).toBeUndefined();
  });

  it('does not wait until a silent peer ends', async () => {
    const { reactor } = rig;
    const run = reactor.run({ installSignalHandlers: false });
    const { protocol } = await lingering(rig);
    reactor.stop();
    await within(run, 'run to settle');
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
  });

  it('waits until the deadline at most', async () => {
    const reactor = rig.make({ shutdownTimeoutMs: 30 });
    const run = reactor.run({ installSignalHandlers: false });
    const factory = new RecordingFactory(() => new Recorder());
    const port = listenLocal(reactor, factory).getHost().port;
    const peer = rig.use(await RawPeer.connect(port));
    const protocol = await factory.protocol();
    protocol.call('pauseProducing');
    peer.write('unread');
    await quietMoment(rig);
    reactor.stop();
    let over = false;
    run.addCallback(() => {
      over = true;
    });
    while (!over) {
      peer.write('.');
      await rig.turns(1);
    }
    expect(protocol.reason).toBeInstanceOf(ConnectionLost);
  });

  it('ends the connection when the reactor is disposed of', async () => {
    const { protocol, peer } = await lingering(rig);
    await rig.reactor[Symbol.asyncDispose]();
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    flood(peer);
    await peer.until(() => peer.closed, 'close');
  });
});

contract('a peer that refuses what is sent to it', (rig) => {
  it('is received from before connectionLost is called', async () => {
    if (process.platform === 'win32') needs('resetsAfterBytes');
    const { protocol, peer } = await connected(rig);
    peer.socket.pause();
    protocol.call('write', patterned(HUGE));
    await quietMoment(rig);
    peer.write('too large');
    peer.reset();
    await protocol.lost();
    expect(protocol.text).toBe('too large');
  });

  it('is neither waited for nor received from by a paused protocol', async () => {
    const { protocol, peer } = await connected(rig);
    peer.socket.pause();
    protocol.call('pauseProducing');
    protocol.call('write', patterned(HUGE));
    await quietMoment(rig);
    peer.write('too large');
    peer.reset();
    await protocol.lost();
    expect(protocol.receivedBytes).toBe(0);
  });
});

contract('lingerSeconds', (rig) => {
  it('has connectionLost wait until all is acknowledged, and no thread', async ({ skip }) => {
    if (!rig.native) skip('native only');
    const { protocol, peer, data } = await unacknowledged(rig);
    protocol.call('loseConnection');
    await quietMoment(rig);
    expect(protocol.lostCount).toBe(0);
    peer.socket.resume();
    await peer.untilEnded();
    // Where the system does not tell what is acknowledged, the peer's end shows it.
    peer.end();
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    expect(peer.received.equals(data)).toBe(true);
  });

  it('delays nothing when the reactor is disposed of', async ({ skip }) => {
    if (!rig.native) skip('native only');
    const { peer, data } = await unacknowledged(rig);
    await quietMoment(rig);
    await rig.reactor[Symbol.asyncDispose]();
    peer.socket.resume();
    await peer.untilEnded();
    expect(peer.received.equals(data)).toBe(true);
  });
});
