/** Unsent bytes at a stop: they are sent until the deadline, and what is left then is reset. */
import { expect, it } from 'vitest';
import { ConnectionLost, type Reactor } from '../../src/index.js';
import { contract, type Rig } from '../support/contract.js';
import { within } from '../support/deadline.js';
import { listenLocal } from '../support/pairs.js';
import { RawPeer } from '../support/raw-peer.js';
import { REACTORS } from '../support/reactors.js';
import { Recorder, RecordingFactory } from '../support/recorder.js';

/** More than the system takes for a peer that does not read. */
const ANSWER = Buffer.alloc(20_000_000, 'x');

/** A peer that does not read, of a connection that has much to send. */
async function slowReader(
  rig: Rig,
  reactor: Reactor,
): Promise<{ protocol: Recorder; peer: RawPeer }> {
  const factory = new RecordingFactory(() => new Recorder());
  const peer = rig.use(await RawPeer.connect(listenLocal(reactor, factory).getHost().port));
  const protocol = await factory.protocol();
  peer.socket.pause();
  protocol.call('write', ANSWER);
  await rig.turns(3, reactor);
  expect(protocol.transport.bufferedBytes).toBeGreaterThan(0);
  return { protocol, peer };
}

/** The same with a client of a native reactor, which notices a reset while it is paused: Node's sockets take it for an end. */
async function pausedClient(
  rig: Rig,
  reactor: Reactor,
): Promise<{ protocol: Recorder; client: Recorder }> {
  const { make } = REACTORS.find(({ native }) => native) ?? rig.maker;
  const other = rig.use(make());
  const factory = new RecordingFactory(() => new Recorder());
  const client = new Recorder();
  other.connectTCP('127.0.0.1', listenLocal(reactor, factory).getHost().port, () => client);
  const protocol = await factory.protocol();
  await client.made();
  client.call('pauseProducing');
  protocol.call('write', ANSWER);
  await rig.turns(3, reactor);
  expect(protocol.transport.bufferedBytes).toBeGreaterThan(0);
  return { protocol, client };
}

contract('unsent bytes at a stop', (rig) => {
  it('are sent before run settles', async () => {
    const { reactor } = rig;
    const run = reactor.run({ installSignalHandlers: false });
    const { protocol, peer } = await slowReader(rig, reactor);
    let over = false;
    run.addCallback(() => {
      over = true;
    });
    reactor.stop();
    await rig.turns(3);
    expect([over, protocol.lostCount]).toEqual([false, 0]);
    peer.socket.resume();
    await within(run, 'run to settle');
    expect(protocol.lostCount).toBe(1);
    expect(protocol.reason).toBeInstanceOf(ConnectionLost);
    await peer.untilEnded();
    expect(peer.receivedBytes).toBe(ANSWER.length);
  });

  it.each([0, 30])(
    'are dropped after a deadline of %s ms, which the peer sees as a reset',
    async (ms) => {
      const reactor = rig.make({ shutdownTimeoutMs: ms });
      const run = reactor.run({ installSignalHandlers: false });
      const { protocol, client } = await pausedClient(rig, reactor);
      reactor.stop();
      await within(run, 'run to settle');
      expect(protocol.lostCount).toBe(1);
      expect(protocol.reason).toBeInstanceOf(ConnectionLost);
      expect(await client.lost()).toMatchObject({ cause: { code: 'ECONNRESET' } });
    },
  );

  it('are dropped at disposal in the same way', async () => {
    const reactor = rig.make({ shutdownTimeoutMs: 0 });
    const { client } = await pausedClient(rig, reactor);
    await within(reactor[Symbol.asyncDispose](), 'disposal');
    expect(await client.lost()).toMatchObject({ cause: { code: 'ECONNRESET' } });
  });

  it('include those of a producer that continues', async () => {
    const { reactor } = rig;
    const run = reactor.run({ installSignalHandlers: false });
    const factory = new RecordingFactory(() => new Recorder());
    const peer = rig.use(await RawPeer.connect(listenLocal(reactor, factory).getHost().port));
    const { transport } = await factory.protocol();
    let parts = 0;
    const resumeProducing = (): void => {
      parts += 1;
      transport.write('part ');
      if (parts === 5) transport.unregisterProducer();
    };
    reactor.addSystemEventTrigger('before', 'shutdown', () => {
      transport.registerProducer({ resumeProducing, stopProducing() {} }, false);
    });
    reactor.stop();
    await within(run, 'run to settle');
    await peer.untilEnded();
    expect(peer.text).toBe('part part part part part ');
  });

  it('are not expected of a push producer that is not paused', async () => {
    const reactor = rig.make({ shutdownTimeoutMs: 60_000 });
    const run = reactor.run({ installSignalHandlers: false });
    const factory = new RecordingFactory(() => new Recorder());
    const peer = rig.use(await RawPeer.connect(listenLocal(reactor, factory).getHost().port));
    const { transport } = await factory.protocol();
    transport.registerProducer(
      { pauseProducing() {}, resumeProducing() {}, stopProducing() {} },
      true,
    );
    transport.write('all');
    reactor.stop();
    await within(run, 'run to settle');
    await peer.untilEnded();
    expect(peer.text).toBe('all');
  });

  it('are sent if the connection was closed before', async () => {
    const { reactor } = rig;
    const run = reactor.run({ installSignalHandlers: false });
    const { protocol, peer } = await slowReader(rig, reactor);
    protocol.call('loseConnection');
    reactor.stop();
    await rig.turns(3);
    peer.socket.resume();
    await within(run, 'run to settle');
    expect(protocol.reason?.name).toBe('ConnectionDone');
    await peer.untilEnded();
    expect(peer.receivedBytes).toBe(ANSWER.length);
  });
});
