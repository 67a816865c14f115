/** How a connection's end looks to the system, and to other connections. The rules are in the transport contract. */
import { expect, it } from 'vitest';
import type { SystemError } from '../../src/core/errors/base.js';
import {
  ConnectionAborted,
  ConnectionDone,
  ConnectionLost,
} from '../../src/core/errors/connection.js';
import { contract } from '../support/contract.js';
import { connected, echo, pair, patterned, quietMoment, served } from '../support/pairs.js';
import { needs, RESET_RETRIES } from '../support/platform.js';
import { HalfCloseRecorder, Recorder, type RecorderHooks } from '../support/recorder.js';

contract('loseConnection', (rig) => {
  it('lets the other side finish sending without losing bytes to a reset', async () => {
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
});

contract("the peer's end", (rig) => {
  it('is ConnectionDone also for a connection that never spoke', async () => {
    const { protocol, peer } = await connected(rig);
    peer.end();
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    await peer.untilGone();
  });

  it('is ConnectionLost after a reset, with the system error as its cause', {
    retry: RESET_RETRIES,
  }, async () => {
    if (!rig.native) needs('resetsAfterBytes');
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
});

contract('a reset while reading is paused', (rig) => {
  it('ends the connection and drops unread bytes; if reading is paused, when it is resumed', {
    retry: RESET_RETRIES,
  }, async () => {
    const { protocol, peer } = await served(rig);
    protocol.call('pauseProducing');
    await rig.turns(2);
    // libuv takes a reset behind bytes for an end.
    if (rig.native) peer.write('unread');
    await rig.turns(2);
    peer.reset();
    if (!rig.native) protocol.call('resumeProducing');
    const reason = await protocol.lost();
    expect(reason).toMatchObject({ name: 'ConnectionLost', cause: { code: 'ECONNRESET' } });
    expect(protocol.received).toHaveLength(0);
    expect(rig.reactor.statistics().connectionsOpen).toBe(0);
  });

  it('is noticed behind the end of input too', { retry: RESET_RETRIES }, async () => {
    const { protocol, peer } = await served(rig, new HalfCloseRecorder());
    peer.end();
    await protocol.until(() => protocol.log.includes('readConnectionLost'), 'readConnectionLost');
    peer.reset();
    if (!rig.native) protocol.transport.write('into the void');
    await rig.turns(2);
    if (!rig.native) protocol.transport.write('again');
    expect((await protocol.lost()).name).toBe('ConnectionLost');
  });

  it('is not a reset if the peer only closes: received bytes are delivered when it is resumed', async () => {
    const { protocol, peer } = await served(rig);
    protocol.call('pauseProducing');
    await rig.turns(2);
    peer.write('last words');
    peer.end();
    await quietMoment(rig);
    expect(protocol.lostCount).toBe(0);
    protocol.call('resumeProducing');
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    expect(protocol.received.toString()).toBe('last words');
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
  it.each(THROWERS)('%s ends that connection and no other', async (hook, provoke) => {
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

  it('connectionLost disturbs neither the factory nor another connection', async () => {
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
});
