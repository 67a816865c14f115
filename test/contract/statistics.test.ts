/** Statistics with peers that are not ours. The rules are in the introspection contract. */
import { expect, it } from 'vitest';
import { contract, portOf } from '../support/contract.js';
import { connected, listenLocal, patterned, served } from '../support/pairs.js';
import { closedPort, RawPeer } from '../support/raw-peer.js';
import { RecordingFactory, recorders } from '../support/recorder.js';

contract('statistics', (rig) => {
  it('count connections accepted, open and lost', async () => {
    const listening = listenLocal(rig.reactor, recorders());
    const peers: RawPeer[] = [];
    for (let i = 0; i < 5; i++) peers.push(rig.use(await RawPeer.connect(portOf(listening))));
    const { protocol } = await served(rig);
    expect(rig.reactor.statistics()).toMatchObject({
      connectionsAccepted: 6,
      connectionsOpen: 6,
      connectionsLost: 0,
    });
    protocol.transport.abortConnection();
    await protocol.lost();
    expect(rig.reactor.statistics()).toMatchObject({
      connectionsAccepted: 6,
      connectionsOpen: 5,
      connectionsLost: 1,
    });
  });

  it('count outgoing connections, and not attempts that failed', async () => {
    const { protocol } = await connected(rig);
    const factory = recorders();
    rig.reactor.connectTCP('127.0.0.1', await closedPort(), factory);
    await factory.until('stopFactory');
    expect(rig.reactor.statistics()).toMatchObject({
      connectionsMade: 1,
      connectionsAccepted: 0,
      connectionsOpen: 1,
    });
    protocol.transport.loseConnection();
    await protocol.lost();
    expect(rig.reactor.statistics()).toMatchObject({ connectionsOpen: 0, connectionsLost: 1 });
  });

  it('do not count connections without a protocol as open', async () => {
    const factory = new RecordingFactory(() => null);
    const listening = listenLocal(rig.reactor, factory);
    const peer = rig.use(await RawPeer.connect(portOf(listening)));
    await peer.untilGone();
    expect(rig.reactor.statistics().connectionsOpen).toBe(0);
  });

  it('count bytes in both directions, and turns', async () => {
    const { protocol, peer } = await served(rig);
    peer.write(patterned(100_000));
    await protocol.receive(100_000);
    protocol.transport.write(patterned(200_000));
    protocol.transport.write('tail');
    await peer.receive(200_004);
    await rig.turns(2);
    const { bytesReceived, bytesSent, turns } = rig.reactor.statistics();
    expect([bytesReceived, bytesSent]).toEqual([100_000, 200_004]);
    expect(turns).toBeGreaterThan(0);
  });
});
