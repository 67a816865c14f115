/** Callbacks that return a promise, where no connection can end for its rejection; and who the peer was. */
import { expect, it } from 'vitest';
import {
  ClientFactory,
  type ErrorReport,
  Protocol,
  ReactorAlreadyRunningError,
} from '../../src/index.js';
import { contract, portOf } from '../support/contract.js';
import { latch, within } from '../support/deadline.js';
import { RawPeer } from '../support/raw-peer.js';

const boom = new Error('boom');
const LOCAL = '127.0.0.1';

async function refuse(): Promise<void> {
  throw boom;
}

contract('the rejection of an asynchronous function is reported', (rig) => {
  it.each(['callLater', 'callFromThread', 'callWhenRunning'])(
    'that %s was given',
    async (method) => {
      const { reactor } = rig;
      if (method === 'callLater') reactor.callLater(0, refuse);
      if (method === 'callFromThread') reactor.callFromThread(refuse);
      if (method === 'callWhenRunning') {
        reactor.callWhenRunning(refuse);
        reactor.callWhenRunning(() => void reactor.callLater(0, () => reactor.stop()));
        await within(reactor.run({ installSignalHandlers: false }), 'the run');
      }
      await rig.turns(2);
      expect(rig.takeReports()).toMatchObject([{ error: boom }]);
    },
  );

  it.each(['startFactory', 'stopFactory', 'startedConnecting'] as const)(
    '%s of a factory',
    async (method) => {
      class Failing extends ClientFactory {}
      Failing.prototype[method] = refuse;
      Failing.prototype.buildProtocol = () => new Protocol();
      const listening = rig.reactor.listenTCP(0, Protocol, { interface: LOCAL });
      rig.use(listening);
      const connector = rig.reactor.connectTCP(LOCAL, portOf(listening), new Failing());
      connector.stopConnecting();
      await rig.turns(3);
      expect(rig.takeReports()).toMatchObject([{ error: boom, where: method }]);
    },
  );

  it.each(['throws', 'rejects'])('stopFactory of a port, where it %s', async (how) => {
    class Failing extends ClientFactory {
      override buildProtocol(): Protocol {
        return new Protocol();
      }

      override stopFactory(): Promise<void> {
        if (how === 'throws') throw boom;
        return refuse();
      }
    }
    const listening = rig.reactor.listenTCP(0, new Failing(), { interface: LOCAL });
    await listening.stopListening();
    await rig.turns(1);
    expect(rig.takeReports()).toMatchObject([{ error: boom, where: 'stopFactory' }]);
  });

  it.each(['startProtocol', 'datagramReceived', 'stopProtocol'] as const)(
    '%s of a datagram protocol, whose socket goes on',
    async (method) => {
      const received = latch();
      const port = rig.reactor.listenUDP(
        0,
        {
          startProtocol: () => method === 'startProtocol' && refuse(),
          datagramReceived: () => {
            received.open();
            return method === 'datagramReceived' ? refuse() : undefined;
          },
          stopProtocol: () => method === 'stopProtocol' && refuse(),
        },
        { interface: LOCAL },
      );
      const sender = rig.use(rig.reactor.listenUDP(0, () => {}, { interface: LOCAL }));
      sender.write('x', port.getHost());
      await within(received.promise, 'a datagram');
      expect(port.listening).toBe(true);
      await port.stopListening();
      await rig.turns(1);
      const [report, ...more] = rig.takeReports();
      expect([
        report?.error,
        report?.where.replace('makeConnection', 'startProtocol'),
        more,
      ]).toEqual([boom, method, []]);
    },
  );
});

contract('a reported error of a connection', (rig) => {
  it('names the peer', async () => {
    const reports: Pick<ErrorReport, 'where' | 'peer'>[] = [];
    const told = latch();
    const reactor = rig.make({
      reportError: (_error, where, peer) => {
        reports.push({ where, peer });
        told.open();
      },
    });
    const listening = reactor.listenTCP(0, () => ({ dataReceived: refuse }), { interface: LOCAL });
    rig.use(listening);
    const peer = rig.use(await RawPeer.connect(portOf(listening)));
    peer.write('x');
    await within(told.promise, 'the report');
    expect(reports).toMatchObject([{ where: 'dataReceived', peer: { type: 'TCP', host: LOCAL } }]);
  });
});

contract('a second run()', (rig) => {
  it('that nobody awaits is an unhandled rejection', async () => {
    const rejected = latch<unknown>();
    const others = process.rawListeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.once('unhandledRejection', (error) => rejected.open(error));
    try {
      const finished = rig.reactor.run({ installSignalHandlers: false });
      void rig.reactor.run();
      const error = await within(rejected.promise, 'the rejection');
      expect(error).toBeInstanceOf(ReactorAlreadyRunningError);
      await rig.turns(1);
      rig.reactor.stop();
      await within(finished, 'the run');
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const listener of others) process.on('unhandledRejection', listener as () => void);
    }
  });

  it('that is awaited rejects there', async () => {
    const finished = rig.reactor.run({ installSignalHandlers: false });
    await expect(rig.reactor.run()).rejects.toBeInstanceOf(ReactorAlreadyRunningError);
    await rig.turns(1);
    rig.reactor.stop();
    await within(finished, 'the run');
  });
});
