/** Ending one direction of a connection. */
import { expect, it } from 'vitest';
import { ConnectionDone } from '../../src/core/errors.js';
import { contract } from '../support/contract.js';
import { HUGE, pair, patterned, quietMoment, served } from '../support/pairs.js';
import { HalfCloseRecorder, Recorder } from '../support/recorder.js';

contract('loseWriteConnection', (rig) => {
  it('ends the sending side after all that was written; receiving goes on', async () => {
    const { protocol, peer } = await served(rig, new HalfCloseRecorder());
    const data = patterned(1_000_000);
    protocol.transport.write(data);
    protocol.call('loseWriteConnection');
    await peer.untilEnded();
    expect(peer.received.equals(data)).toBe(true);
    peer.write('and now you listen');
    expect((await protocol.receive(18)).toString()).toBe('and now you listen');
    expect(protocol.connected).toBe(true);
  });

  it('tells writeConnectionLost once, when it is done', async () => {
    const { protocol, peer } = await served(rig, new HalfCloseRecorder());
    peer.socket.pause();
    protocol.transport.write(patterned(HUGE));
    protocol.call('loseWriteConnection');
    await quietMoment(rig);
    expect(protocol.log).toEqual(['connectionMade']);
    peer.socket.resume();
    await protocol.until(() => protocol.log.includes('writeConnectionLost'), 'writeConnectionLost');
    protocol.call('loseWriteConnection');
    await peer.untilEnded();
    expect(peer.receivedBytes).toBe(HUGE);
    await quietMoment(rig);
    expect(protocol.log).toEqual(['connectionMade', 'writeConnectionLost']);
  });

  it('works for a protocol that can not be half-closed', async () => {
    const { protocol, peer } = await served(rig, new Recorder());
    protocol.transport.write('question');
    protocol.call('loseWriteConnection');
    await peer.untilEnded();
    peer.write('answer');
    expect((await protocol.receive(6)).toString()).toBe('answer');
    peer.end();
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
  });

  it('waits for a registered producer to unregister', async () => {
    const { protocol, peer } = await served(rig, new HalfCloseRecorder());
    const producer = { pauseProducing() {}, resumeProducing() {}, stopProducing() {} };
    protocol.transport.registerProducer(producer, true);
    protocol.transport.write('first ');
    protocol.call('loseWriteConnection');
    await quietMoment(rig);
    expect(peer.ended).toBe(false);
    protocol.transport.write('last');
    protocol.call('unregisterProducer');
    await peer.untilEnded();
    expect(peer.text).toBe('first last');
    expect(protocol.connected).toBe(true);
  });

  it('may be followed by loseConnection', async () => {
    const { protocol, peer } = await served(rig, new HalfCloseRecorder());
    protocol.transport.write('x');
    protocol.call('loseWriteConnection');
    protocol.call('loseConnection');
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    await peer.untilEnded();
    expect(peer.text).toBe('x');
  });

  it('and loseConnection after it was done ends the connection in a later turn', async () => {
    const { protocol } = await served(rig, new HalfCloseRecorder());
    protocol.call('loseWriteConnection');
    await protocol.until(() => protocol.log.includes('writeConnectionLost'), 'writeConnectionLost');
    protocol.call('loseConnection');
    expect(protocol.lostCount).toBe(0);
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
  });
});

contract("the peer's half-close", (rig) => {
  it('is told by readConnectionLost once, after the data; writing goes on', async () => {
    const { protocol, peer } = await served(rig, new HalfCloseRecorder());
    const data = patterned(700_000);
    peer.write(data);
    peer.end();
    await protocol.until(() => protocol.log.includes('readConnectionLost'), 'readConnectionLost');
    expect(protocol.received.equals(data)).toBe(true);
    await quietMoment(rig);
    expect(protocol.connected).toBe(true);
    protocol.transport.write('still ');
    await peer.receive(6);
    protocol.transport.write(patterned(300_000));
    await peer.receive(300_006);
    protocol.call('loseConnection');
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    expect(protocol.log).toEqual([
      'connectionMade',
      'dataReceived',
      'readConnectionLost',
      'connectionLost ConnectionDone',
    ]);
  });

  it('ends the connection of a protocol without readConnectionLost', async () => {
    const { protocol, peer } = await served(rig, new Recorder());
    peer.end();
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    await peer.untilEnded();
  });

  it('waits for a paused protocol to resume', async () => {
    const { protocol, peer } = await served(rig, new HalfCloseRecorder());
    protocol.call('pauseProducing');
    await rig.turns(2);
    peer.write('held');
    peer.end();
    await quietMoment(rig);
    expect(protocol.log).toEqual(['connectionMade']);
    protocol.call('resumeProducing');
    await protocol.until(() => protocol.log.includes('readConnectionLost'), 'readConnectionLost');
    expect(protocol.text).toBe('held');
  });

  it('may be answered by loseConnection, and all that was written is sent', async () => {
    const { protocol, peer } = await served(
      rig,
      new HalfCloseRecorder({
        readConnectionLost: (self) => {
          self.call('write', patterned(2_000_000));
          self.call('loseConnection');
        },
      }),
    );
    peer.write('go');
    peer.end();
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    await peer.untilEnded();
    expect(peer.receivedBytes).toBe(2_000_000);
  });
});

contract('both directions', (rig) => {
  it('are ended by both sides, one after the other', async () => {
    const { client, server } = await pair(rig, {
      client: new HalfCloseRecorder({
        readConnectionLost: (self) => self.call('loseConnection'),
      }),
      server: new HalfCloseRecorder({
        readConnectionLost: (self) => {
          self.call('write', `${self.receivedBytes} bytes`);
          self.call('loseConnection');
        },
      }),
    });
    client.transport.write('request');
    client.call('loseWriteConnection');
    expect(await client.lost()).toBeInstanceOf(ConnectionDone);
    expect(await server.lost()).toBeInstanceOf(ConnectionDone);
    expect(client.text).toBe('7 bytes');
    expect(server.log).toEqual([
      'connectionMade',
      'dataReceived',
      'readConnectionLost',
      'connectionLost ConnectionDone',
    ]);
  });

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
