/** `signal` of connectTCP: it ends the attempt, or loses the connection once made. */
import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { ConnectingCancelledError } from '../../src/core/errors/connecting.js';
import { contract } from '../support/contract.js';
import { HeldResolver } from '../support/name-resolvers.js';
import { connected, pair, quietMoment } from '../support/pairs.js';
import { closedPort, RawServer } from '../support/raw-peer.js';
import { Recorder, recorders } from '../support/recorder.js';
import { Blackhole } from '../support/sockets.js';

/** A signal that is no instance of this realm's AbortSignal. */
function foreignSignal(): { signal: AbortSignal; abort: () => void } {
  const target = new EventTarget();
  const signal = Object.assign(target, { aborted: false, reason: undefined });
  const abort = (): void => {
    signal.aborted = true;
    target.dispatchEvent(new Event('abort'));
  };
  return { signal: signal as unknown as AbortSignal, abort };
}

contract('an AbortSignal', (rig) => {
  it('that is aborted before the attempt fails it, in a later turn', async () => {
    const raw = rig.use(await RawServer.listen());
    const factory = recorders();
    const signal = AbortSignal.abort();
    rig.reactor.connectTCP('127.0.0.1', raw.port, factory, { signal });
    factory.note('returned');
    await factory.until('stopFactory');
    expect(factory.reasons[0]).toBeInstanceOf(ConnectingCancelledError);
    const failed = 'clientConnectionFailed ConnectingCancelledError';
    expect(factory.log.indexOf(failed)).toBeGreaterThan(factory.log.indexOf('returned'));
    expect(raw.peers).toHaveLength(0);
  });

  it('ends an attempt that is not answered', async () => {
    const blackhole = rig.use(await Blackhole.open());
    const controller = new AbortController();
    const factory = recorders();
    rig.reactor.connectTCP('127.0.0.1', blackhole.port, factory, { signal: controller.signal });
    await rig.turns(3);
    controller.abort();
    expect(factory.reasons, 'not before abort() has returned').toEqual([]);
    await factory.until('stopFactory');
    expect(factory.reasons[0]).toBeInstanceOf(ConnectingCancelledError);
  });

  it('ends an attempt whose name is being resolved', async () => {
    const resolver = new HeldResolver();
    rig.reactor.installNameResolver(resolver);
    const controller = new AbortController();
    const factory = recorders();
    rig.reactor.connectTCP('host.test', 9, factory, { signal: controller.signal });
    const question = await resolver.question();
    controller.abort();
    expect(question.cancelled).toBe(true);
    await factory.until('clientConnectionFailed');
    expect(factory.reasons[0]).toBeInstanceOf(ConnectingCancelledError);
  });

  it('loses the connection once made, sending written bytes', async () => {
    const controller = new AbortController();
    const { protocol, peer } = await connected(rig, new Recorder(), { signal: controller.signal });
    protocol.transport.write('last words');
    controller.abort();
    expect((await protocol.lost()).name).toBe('ConnectionDone');
    await peer.untilEnded();
    expect(peer.text).toBe('last words');
  });

  it('may be of another realm, or a polyfill', async () => {
    const raw = rig.use(await RawServer.listen());
    const { signal, abort } = foreignSignal();
    const factory = recorders();
    rig.reactor.connectTCP('127.0.0.1', raw.port, factory, { signal });
    abort();
    await factory.until('stopFactory');
    expect(factory.reasons[0]).toBeInstanceOf(ConnectingCancelledError);
  });

  it('aborted after the connection ended does nothing', async () => {
    const controller = new AbortController();
    const { client } = await pair(rig, { connect: { signal: controller.signal } });
    client.transport.abortConnection();
    await client.lost();
    controller.abort();
    await quietMoment(rig);
    expect(client.lostCount).toBe(1);
  });

  it('is let go of when the connection has ended, or could not be made', async () => {
    const { signal } = new AbortController();
    const count = (): number => getEventListeners(signal, 'abort').length;
    const { client, clientFactory } = await pair(rig, { connect: { signal } });
    client.transport.loseConnection();
    await clientFactory.until('stopFactory');
    expect(count()).toBe(0);
    const factory = recorders();
    rig.reactor.connectTCP('127.0.0.1', await closedPort(), factory, { signal });
    await factory.until('stopFactory');
    expect(count()).toBe(0);
  });

  it('ends every later attempt too', async () => {
    const raw = rig.use(await RawServer.listen());
    const controller = new AbortController();
    const factory = recorders();
    factory.hooks.clientConnectionLost = (connector) => connector.connect();
    rig.reactor.connectTCP('127.0.0.1', raw.port, factory, { signal: controller.signal });
    (await raw.peer()).end();
    const second = await factory.protocol(1);
    await second.made();
    controller.abort();
    await factory.until('clientConnectionFailed');
    expect(second.reason?.name).toBe('ConnectionDone');
    expect(factory.built).toHaveLength(2);
  });
});
