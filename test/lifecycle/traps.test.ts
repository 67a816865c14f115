/** Accidents that earlier builds of such reactors had: what happens to one connection must not happen to another. */
import { expect, it, vi } from 'vitest';
import { contract, portOf } from '../support/contract.js';
import { within } from '../support/deadline.js';
import { echo, listenLocal, patterned, quietMoment } from '../support/pairs.js';
import { RawPeer } from '../support/raw-peer.js';
import { Recorder, RecordingFactory } from '../support/recorder.js';

contract('a batch of events', (rig) => {
  async function twenty(factory: RecordingFactory): Promise<RawPeer[]> {
    const listening = listenLocal(rig.reactor, factory);
    const peers: RawPeer[] = [];
    for (let i = 0; i < 20; i++) peers.push(rig.use(await RawPeer.connect(portOf(listening))));
    await factory.until('buildProtocol', 20);
    for (const protocol of factory.built) await protocol.made();
    return peers;
  }

  function echoUnlessBad(error: Error): RecordingFactory {
    return new RecordingFactory(
      () =>
        new Recorder({
          dataReceived: (data, self) => {
            if (data.toString().startsWith('bad')) throw error;
            self.transport.write(data);
          },
        }),
    );
  }

  it('continues after a handler in its middle threw: the other 19 are echoed', async () => {
    const error = new Error('in mid batch');
    const peers = await twenty(echoUnlessBad(error));
    for (const [i, peer] of peers.entries()) peer.write(i === 10 ? 'bad 10' : `msg ${i % 10}.`);
    for (const [i, peer] of peers.entries()) {
      if (i === 10) await peer.untilGone();
      else expect((await peer.receive(6)).toString()).toBe(`msg ${i % 10}.`);
    }
    expect(peers[10]?.receivedBytes).toBe(0);
    expect(rig.takeReports()).toMatchObject([{ error }]);
  });

  it('continues when every other handler throws', async () => {
    const peers = await twenty(echoUnlessBad(new Error('every other')));
    for (const [i, peer] of peers.entries()) peer.write(i % 2 === 0 ? 'bad' : 'yes');
    for (const [i, peer] of peers.entries()) {
      if (i % 2 === 0) await peer.untilGone();
      else expect((await peer.receive(3)).toString()).toBe('yes');
    }
    expect(rig.takeReports()).toHaveLength(10);
  });

  it('continues when reportError throws too', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    const reactor = rig.make({
      reportError: () => {
        throw new Error('the reporter is broken');
      },
    });
    // Few reports of one place are printed in full; the name makes a place of its own for each reactor.
    const factory = echoUnlessBad(Object.assign(new Error('first'), { name: reactor.poller }));
    const listening = listenLocal(reactor, factory);
    const peers: RawPeer[] = [];
    for (let i = 0; i < 10; i++) peers.push(rig.use(await RawPeer.connect(portOf(listening))));
    for (const protocol of factory.built) await protocol.made();
    for (const [i, peer] of peers.entries()) peer.write(i % 2 === 0 ? 'bad' : 'yes');
    for (const [i, peer] of peers.entries()) {
      if (i % 2 === 0) await peer.untilGone();
      else expect((await peer.receive(3)).toString()).toBe('yes');
    }
    const texts = printed.mock.calls.flat().map(String).join('\n');
    expect(texts).toContain('the reporter is broken');
    expect(texts).toContain('first');
  });

  it('survives connections that end each other', async () => {
    const factory: RecordingFactory = new RecordingFactory(
      () =>
        new Recorder({
          dataReceived: () => {
            for (const other of factory.built) other.call('abortConnection');
          },
        }),
    );
    const peers = await twenty(factory);
    for (const peer of peers) peer.write('all of you');
    for (const protocol of factory.built) {
      expect((await protocol.lost()).name).toBe('ConnectionAborted');
    }
    const heard = factory.built.filter(({ receivedBytes }) => receivedBytes > 0);
    expect(heard).toHaveLength(1);
    await quietMoment(rig);
    expect(factory.built.every(({ lostCount }) => lostCount === 1)).toBe(true);
  });
});

contract('a transport that is gone', (rig) => {
  /** Everything that can be asked of it. */
  function useAll({ transport }: Recorder): void {
    transport.write('stale');
    transport.write(patterned(20_000));
    transport.pauseProducing();
    transport.resumeProducing();
    transport.loseWriteConnection();
    transport.unregisterProducer();
    transport.loseConnection();
    transport.abortConnection();
    transport.getHost();
    transport.getPeer();
  }

  it('does nothing to the connection that has its descriptor and place now', async () => {
    const factory = new RecordingFactory(echo);
    const listening = listenLocal(rig.reactor, factory);
    const gone: Recorder[] = [];
    for (let round = 0; round < 60; round++) {
      const peer = await RawPeer.connect(portOf(listening));
      const protocol = await factory.protocol(round);
      await protocol.made();
      for (const old of gone) useAll(old);
      peer.write('fresh');
      for (const old of gone) useAll(old);
      expect((await peer.receive(5)).toString()).toBe('fresh');
      expect(protocol.connected).toBe(true);
      if (round % 3 === 0) peer.reset();
      else if (round % 3 === 1) peer.end();
      else protocol.transport.abortConnection();
      await protocol.lost();
      await peer[Symbol.asyncDispose]();
      gone.push(protocol);
    }
    for (const { lostCount, text } of gone) {
      expect(lostCount).toBe(1);
      expect(text).toBe('fresh');
    }
  });

  it('does nothing to a connection made in the very turn in which it ended', async () => {
    const factory: RecordingFactory = new RecordingFactory(
      () =>
        new Recorder({
          dataReceived: (data, self) => {
            const { built } = factory;
            for (const other of built) if (other !== self) other.transport.abortConnection();
            self.transport.write(data);
          },
          connectionLost: (_reason, self) => useAll(self),
        }),
    );
    const listening = listenLocal(rig.reactor, factory);
    for (let round = 0; round < 40; round++) {
      const first = await RawPeer.connect(portOf(listening));
      const second = await RawPeer.connect(portOf(listening));
      second.write('x');
      expect((await second.receive(1)).toString()).toBe('x');
      await first.until(() => first.closed, 'close');
      for (const peer of [first, second]) await peer[Symbol.asyncDispose]();
    }
    for (const protocol of factory.built) await protocol.lost();
    expect(factory.built.every(({ lostCount }) => lostCount === 1)).toBe(true);
  });
});

contract('reactors of one thread', (rig) => {
  it('talk to each other, and one ends without harm to the other', async () => {
    const other = rig.make();
    const factory = new RecordingFactory(echo);
    const listening = listenLocal(other, factory);
    const client = new Recorder();
    rig.reactor.connectTCP('127.0.0.1', portOf(listening), () => client);
    await client.made();
    const data = patterned(1_000_000);
    client.transport.write(data);
    expect((await client.receive(data.length)).equals(data)).toBe(true);
    await within(other[Symbol.asyncDispose](), 'disposal');
    await client.lost();
    await quietMoment(rig);
  });

  it('may be many, made and disposed of in any order', async () => {
    const reactors = Array.from({ length: 30 }, () => rig.make());
    for (const reactor of reactors) await quietMoment(rig, reactor);
    const odd = reactors.filter((_, i) => i % 2 === 1);
    for (const reactor of odd) await within(reactor[Symbol.asyncDispose](), 'disposal');
    for (const [i, reactor] of reactors.entries()) if (i % 2 === 0) await quietMoment(rig, reactor);
  });
});
