/** How a connection ends: who is told what, when, and how often. */
import { expect, it } from 'vitest';
import {
  ConnectionAborted,
  ConnectionDone,
  ConnectionLost,
  type SystemError,
} from '../../src/core/errors.js';
import { contract } from '../support/contract.js';
import { connected, echo, HUGE, pair, patterned, quietMoment, served } from '../support/pairs.js';
import { HalfCloseRecorder, Recorder, type RecorderHooks } from '../support/recorder.js';

contract('loseConnection', (rig) => {
  it('sends all that was written, then closes', async () => {
    const { protocol, peer } = await served(rig);
    const data = patterned(2_000_000);
    protocol.transport.write('head');
    protocol.transport.write(data);
    protocol.transport.loseConnection();
    expect(protocol.transport.disconnecting).toBe(true);
    expect(protocol.transport.connected).toBe(true);
    await peer.untilEnded();
    expect(peer.received.subarray(4).equals(data)).toBe(true);
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    expect(protocol.transport.connected).toBe(false);
  });

  it('tells connectionLost once, in a later turn', async () => {
    const { client, server } = await pair(rig);
    client.call('loseConnection');
    expect(client.log).toEqual(['connectionMade']);
    expect(await client.lost()).toBeInstanceOf(ConnectionDone);
    expect(await server.lost()).toBeInstanceOf(ConnectionDone);
    await quietMoment(rig);
    expect([client.lostCount, server.lostCount]).toEqual([1, 1]);
  });

  it('may be called again and again', async () => {
    const { client } = await pair(rig);
    for (let i = 0; i < 3; i++) client.call('loseConnection');
    client.call('stopProducing');
    expect(await client.lost()).toBeInstanceOf(ConnectionDone);
    client.call('loseConnection');
    await quietMoment(rig);
    expect(client.lostCount).toBe(1);
  });

  it('means that no more is received', async () => {
    const { protocol, peer } = await served(rig);
    protocol.transport.write(patterned(HUGE));
    peer.socket.pause();
    protocol.transport.loseConnection();
    peer.write('not heard');
    await quietMoment(rig);
    expect(protocol.receivedBytes).toBe(0);
    peer.socket.resume();
    await peer.untilGone();
    await protocol.lost();
    expect(protocol.receivedBytes).toBe(0);
  });

  it('in dataReceived drops what was received in the same turn', async () => {
    const { protocol, peer } = await served(
      rig,
      new Recorder({ dataReceived: (_data, self) => self.call('loseConnection') }),
    );
    peer.write(patterned(1_000_000));
    await protocol.lost();
    expect(protocol.chunks).toHaveLength(1);
  });

  it('is the same as stopProducing', async () => {
    const { client } = await pair(rig);
    client.transport.write('x');
    client.call('stopProducing');
    expect(client.transport.disconnecting).toBe(true);
    expect(await client.lost()).toBeInstanceOf(ConnectionDone);
  });

  it('waits for a registered producer to unregister', async () => {
    const { protocol, peer } = await served(rig);
    const producer = { pauseProducing() {}, resumeProducing() {}, stopProducing() {} };
    protocol.transport.registerProducer(producer, true);
    protocol.transport.write('first ');
    protocol.call('loseConnection');
    await quietMoment(rig);
    expect(protocol.connected).toBe(true);
    protocol.transport.write('last');
    protocol.call('unregisterProducer');
    await peer.untilEnded();
    expect(peer.text).toBe('first last');
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
  });

  it('can still be overtaken by abortConnection', async () => {
    const { protocol, peer } = await served(rig);
    peer.socket.pause();
    protocol.transport.write(patterned(HUGE));
    protocol.call('loseConnection');
    await rig.turns(3);
    protocol.call('abortConnection');
    expect(await protocol.lost()).toBeInstanceOf(ConnectionAborted);
    expect(protocol.lostCount).toBe(1);
  });

  it('ends with ConnectionLost if the peer resets before all is sent', async () => {
    const { protocol, peer } = await served(rig);
    peer.socket.pause();
    protocol.transport.write(patterned(HUGE));
    protocol.call('loseConnection');
    await rig.turns(3);
    peer.reset();
    expect(await protocol.lost()).toBeInstanceOf(ConnectionLost);
  });

  it('lets the other side send to the end without a reset of what it was sent', async () => {
    const { protocol, peer } = await served(rig);
    const data = patterned(300_000);
    protocol.transport.write(data);
    protocol.transport.loseConnection();
    await peer.untilEnded();
    expect(peer.received.equals(data)).toBe(true);
    expect(peer.error).toBeUndefined();
  });
});

contract('abortConnection', (rig) => {
  it('is ConnectionAborted here, told once, in a later turn', async () => {
    const { client } = await pair(rig);
    client.call('abortConnection');
    expect(client.log).toEqual(['connectionMade']);
    expect(client.transport.disconnecting).toBe(true);
    expect(await client.lost()).toBeInstanceOf(ConnectionAborted);
    client.call('abortConnection');
    client.call('loseConnection');
    await quietMoment(rig);
    expect(client.lostCount).toBe(1);
  });

  it('is a reset for the peer', async () => {
    const { protocol, peer } = await served(rig);
    protocol.call('abortConnection');
    await peer.until(() => peer.closed, 'close');
    expect(peer.error?.code).toBe('ECONNRESET');
    expect(await protocol.lost()).toBeInstanceOf(ConnectionAborted);
  });

  it('is ConnectionLost for a peer of Ropewalk, with the system error as its cause', async () => {
    const { client, server } = await pair(rig);
    client.call('abortConnection');
    const reason = await server.lost();
    expect(reason).toBeInstanceOf(ConnectionLost);
    expect((reason.cause as SystemError).code).toBe('ECONNRESET');
  });

  it('sends nothing of what was written in the same turn', async () => {
    const { protocol, peer } = await served(rig);
    protocol.transport.write('small');
    protocol.transport.write(patterned(100_000));
    protocol.call('abortConnection');
    expect(protocol.transport.bufferedBytes).toBe(0);
    await peer.until(() => peer.closed, 'close');
    expect(peer.receivedBytes).toBe(0);
    expect(await protocol.lost()).toBeInstanceOf(ConnectionAborted);
  });

  it('drops what the system has not taken yet', async () => {
    const { protocol, peer } = await served(rig);
    protocol.transport.write(patterned(HUGE));
    await peer.receive(1);
    protocol.call('abortConnection');
    expect(protocol.transport.bufferedBytes).toBe(0);
    // libuv may tell a reset that follows unread data as an end.
    await peer.until(() => peer.closed || peer.ended, 'close');
    expect(peer.receivedBytes).toBeLessThan(HUGE);
    expect(await protocol.lost()).toBeInstanceOf(ConnectionAborted);
  });

  it('means that no more is received, not even from the same turn', async () => {
    const { protocol, peer } = await served(
      rig,
      new Recorder({ dataReceived: (_data, self) => self.call('abortConnection') }),
    );
    peer.write(patterned(1_000_000));
    expect(await protocol.lost()).toBeInstanceOf(ConnectionAborted);
    expect(protocol.chunks).toHaveLength(1);
  });

  it('does not wait for a producer', async () => {
    const { client } = await pair(rig);
    const log: string[] = [];
    client.transport.registerProducer(
      {
        pauseProducing() {},
        resumeProducing() {},
        stopProducing: () => void log.push('stopProducing'),
      },
      true,
    );
    client.hooks = { connectionLost: () => void log.push('connectionLost') };
    client.call('abortConnection');
    await client.lost();
    expect(log).toEqual(['stopProducing', 'connectionLost']);
  });
});

contract("the peer's end", (rig) => {
  it('is ConnectionDone after a FIN, with all data delivered first', async () => {
    const { protocol, peer } = await served(rig);
    const data = patterned(500_000);
    peer.write(data);
    peer.end();
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    expect(protocol.received.equals(data)).toBe(true);
    expect(protocol.log).toEqual([
      'connectionMade',
      'dataReceived',
      'connectionLost ConnectionDone',
    ]);
  });

  it('is ConnectionDone also for a connection that never spoke', async () => {
    const { protocol, peer } = await connected(rig);
    peer.end();
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    await peer.untilGone();
  });

  it('is ConnectionLost after a reset, with the system error as its cause', async () => {
    const { protocol, peer } = await served(rig);
    peer.write('data');
    await protocol.receive(4);
    peer.reset();
    const reason = await protocol.lost();
    expect(reason).toBeInstanceOf(ConnectionLost);
    expect(reason).toMatchObject({ code: 'ERR_CONNECTION_LOST', cause: { code: 'ECONNRESET' } });
    expect((reason.cause as SystemError).syscall).toBeTypeOf('string');
    expect((reason.cause as SystemError).errno).toBeLessThan(0);
  });

  it('in mid write is ConnectionLost', async () => {
    const { protocol, peer } = await served(rig);
    peer.socket.pause();
    protocol.transport.write(patterned(HUGE));
    await quietMoment(rig);
    peer.reset();
    expect(await protocol.lost()).toBeInstanceOf(ConnectionLost);
    expect(protocol.transport.bufferedBytes).toBe(0);
  });

  it('at the same time as ours is told once on each side', async () => {
    for (let round = 0; round < 10; round++) {
      const { client, server } = await pair(rig);
      client.call('loseConnection');
      server.call('loseConnection');
      expect(await client.lost()).toBeInstanceOf(ConnectionDone);
      expect(await server.lost()).toBeInstanceOf(ConnectionDone);
    }
  });
});

/** Every callback in which application code may throw, and what makes it run. */
const THROWERS: readonly [keyof RecorderHooks, provoke: 'write' | 'end' | 'shutWrite' | 'none'][] =
  [
    ['connectionMade', 'none'],
    ['dataReceived', 'write'],
    ['readConnectionLost', 'end'],
    ['writeConnectionLost', 'shutWrite'],
  ];

contract('a throw in a callback', (rig) => {
  it.each(THROWERS)('%s is reported and is the reason', async (hook, provoke) => {
    const error = new Error(`out of ${hook}`);
    const throws = (): void => {
      throw error;
    };
    const bystander = await served(rig, echo());
    const { protocol, peer } = await served(rig, new HalfCloseRecorder({ [hook]: throws }));
    if (provoke === 'write') peer.write('x');
    if (provoke === 'end') peer.end();
    if (provoke === 'shutWrite') protocol.call('loseWriteConnection');
    expect(await protocol.lost()).toBe(error);
    expect(rig.takeReports()).toMatchObject([{ error }]);
    await peer.untilGone();
    bystander.peer.write('alive');
    expect((await bystander.peer.receive(5)).toString()).toBe('alive');
    expect(protocol.lostCount).toBe(1);
  });

  it('connectionLost is reported, and nothing else changes', async () => {
    const error = new Error('out of connectionLost');
    const bystander = await served(rig, echo());
    const { client, server, clientFactory } = await pair(rig, {
      client: new Recorder({
        connectionLost: () => {
          throw error;
        },
      }),
    });
    server.transport.loseConnection();
    await clientFactory.until('stopFactory');
    expect(rig.takeReports()).toMatchObject([{ error }]);
    bystander.peer.write('alive');
    expect((await bystander.peer.receive(5)).toString()).toBe('alive');
    expect(client.lostCount).toBe(1);
  });

  it('of something that is no Error gives an Error as the reason', async () => {
    const { protocol, peer } = await served(
      rig,
      new Recorder({
        dataReceived: () => {
          // biome-ignore lint/style/useThrowOnlyError: what application code may do
          throw 'a string';
        },
      }),
    );
    peer.write('x');
    expect((await protocol.lost()).message).toContain('a string');
    expect(rig.takeReports()).toMatchObject([{ error: 'a string' }]);
  });

  it('drops the data that was waiting for that connection', async () => {
    let count = 0;
    const { protocol, peer } = await served(
      rig,
      new Recorder({
        dataReceived: () => {
          count += 1;
          throw new Error('once is enough');
        },
      }),
    );
    peer.write(patterned(500_000));
    await protocol.lost();
    await quietMoment(rig);
    expect(count).toBe(1);
    expect(rig.takeReports()).toHaveLength(1);
  });
});
