/** Half-closed connections and the system. The rules are in the transport contract. */
import { expect, it } from 'vitest';
import { ConnectionDone } from '../../src/core/errors/connection.js';
import { contract } from '../support/contract.js';
import { quietMoment, served } from '../support/pairs.js';
import { HalfCloseRecorder } from '../support/recorder.js';

contract('both directions', (rig) => {
  it('ended do not make the reactor spin while the protocol keeps the connection', async () => {
    const { protocol, peer } = await served(rig, new HalfCloseRecorder());
    protocol.call('loseWriteConnection');
    await peer.untilEnded();
    peer.end();
    await protocol.until(() => protocol.log.includes('readConnectionLost'), 'readConnectionLost');
    await quietMoment(rig);
    const turns = rig.reactor.statistics().turns;
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 250));
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000, 'CPU ms in 250 ms').toBeLessThan(125);
    expect(rig.reactor.statistics().turns - turns).toBeLessThan(20);
    protocol.call('loseConnection');
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    expect(protocol.lostCount).toBe(1);
  });

  it('by a reset after the half-close end the connection', async () => {
    const { protocol, peer } = await served(rig, new HalfCloseRecorder());
    peer.end();
    await protocol.until(() => protocol.log.includes('readConnectionLost'), 'readConnectionLost');
    peer.socket.resetAndDestroy();
    protocol.transport.write('into the void');
    await rig.turns(2);
    protocol.transport.write('again');
    expect((await protocol.lost()).name).toBe('ConnectionLost');
  });
});
