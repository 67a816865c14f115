/** Connecting again: from the factory's callbacks, and later. */
import { expect, it } from 'vitest';
import { contract } from '../support/contract.js';
import { closedPort, RawServer } from '../support/raw-peer.js';
import { Recorder, RecordingFactory, recorders } from '../support/recorder.js';
import { Blackhole } from '../support/sockets.js';

contract('connecting again', (rig) => {
  it('is possible from clientConnectionFailed, the factory going on', async () => {
    const port = await closedPort();
    const factory = recorders();
    factory.hooks.clientConnectionFailed = (connector) => {
      if (factory.reasons.length === 2) {
        rig.reactor.listenTCP(port, recorders(), { interface: '127.0.0.1' });
      }
      connector.connect();
    };
    const connector = rig.reactor.connectTCP('127.0.0.1', port, factory);
    await (await factory.protocol()).made();
    expect(factory.log).toEqual([
      'doStart',
      'startFactory',
      'startedConnecting',
      'clientConnectionFailed ConnectionRefusedError',
      'startedConnecting',
      'clientConnectionFailed ConnectionRefusedError',
      'startedConnecting',
      'buildProtocol',
    ]);
    expect(connector.state).toBe('connected');
  });

  it('is possible from clientConnectionLost, which follows connectionLost', async () => {
    const raw = rig.use(await RawServer.listen());
    const factory: RecordingFactory = new RecordingFactory(
      () => new Recorder({ connectionLost: () => factory.note('connectionLost') }),
    );
    factory.hooks.clientConnectionLost = (connector) => {
      expect(connector.state).toBe('disconnected');
      if (factory.built.length < 3) connector.connect();
    };
    rig.reactor.connectTCP('127.0.0.1', raw.port, factory);
    for (let i = 0; i < 3; i++) (await raw.peer(i)).end();
    await factory.until('stopFactory');
    const round = [
      'startedConnecting',
      'buildProtocol',
      'connectionLost',
      'clientConnectionLost ConnectionDone',
    ];
    expect(factory.log).toEqual([
      'doStart',
      'startFactory',
      ...round,
      ...round,
      ...round,
      'doStop',
      'stopFactory',
    ]);
    expect(factory.built.map(({ lostCount }) => lostCount)).toEqual([1, 1, 1]);
  });

  it('is possible later, which starts the factory again', async () => {
    const factory = recorders();
    const connector = rig.reactor.connectTCP('127.0.0.1', await closedPort(), factory);
    await factory.until('stopFactory');
    connector.connect();
    expect(connector.state).toBe('connecting');
    await factory.until('stopFactory', 2);
    expect(factory.log.filter((event) => event.endsWith('Factory'))).toEqual([
      'startFactory',
      'stopFactory',
      'startFactory',
      'stopFactory',
    ]);
  });

  it('gives each attempt its own time limit', async () => {
    const blackhole = rig.use(await Blackhole.open());
    const factory = recorders();
    const times = [rig.reactor.now()];
    factory.hooks.clientConnectionFailed = (connector) => {
      times.push(rig.reactor.now());
      if (times.length < 4) connector.connect();
    };
    rig.reactor.connectTCP('127.0.0.1', blackhole.port, factory, { timeoutMs: 30 });
    await factory.until('stopFactory');
    expect(factory.reasons.map(({ name }) => name)).toEqual(
      Array.from({ length: 3 }, () => 'ConnectTimeoutError'),
    );
    for (let i = 1; i < times.length; i++) {
      expect((times[i] as number) - (times[i - 1] as number)).toBeGreaterThanOrEqual(30);
    }
  });

  it('is not cancelled by a call meant for the previous attempt', async () => {
    const blackhole = rig.use(await Blackhole.open());
    const factory = recorders();
    factory.hooks.clientConnectionFailed = (connector) => {
      if (factory.reasons.length === 1) connector.connect();
    };
    // Before the attempt begins, so that it falls due first however long that takes.
    rig.reactor.callLater(2, () => connector.stopConnecting());
    const connector = rig.reactor.connectTCP('127.0.0.1', blackhole.port, factory, {
      timeoutMs: 4,
    });
    const from = rig.reactor.now();
    // Both fall due in one turn, so that the attempt is given up between stopConnecting and what follows from it.
    while (rig.reactor.now() < from + 10);
    await factory.until('clientConnectionFailed', 2);
    expect(factory.reasons[1]?.name, 'how the second attempt ended').toBe('ConnectTimeoutError');
    connector.disconnect();
  });
});
