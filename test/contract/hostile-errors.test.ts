/** Errors that cannot be read, and reporters that fail: both are survived. */
import { expect, it, vi } from 'vitest';
import { Protocol } from '../../src/index.js';
import { hostileErrors } from '../internal/hostile-errors.js';
import { contract, portOf } from '../support/contract.js';
import { latch, within } from '../support/deadline.js';
import { closedPort, RawPeer } from '../support/raw-peer.js';
import { type RecordingFactory, recorders } from '../support/recorder.js';

contract('errors that cannot be read', (rig) => {
  it.each(Object.entries(hostileErrors()))(
    'end the connection whose callback throws one: %s',
    async (_name, error) => {
      const ended = latch();
      class Failing extends Protocol {
        override dataReceived(): void {
          throw error;
        }
        override connectionLost(): void {
          ended.open();
        }
      }
      const listening = rig.use(
        rig.reactor.listenTCP(0, () => new Failing(), { interface: '127.0.0.1' }),
      );
      const peer = rig.use(await RawPeer.connect(portOf(listening)));
      peer.write('x');
      await within(ended.promise, 'the end of the connection');
      const reports = rig.takeReports();
      expect(reports).toHaveLength(1);
      expect(reports[0]?.error === error).toBe(true);
    },
  );

  it('are reported when delayed calls and triggers throw them, also during a stop', async () => {
    const { reactor } = rig;
    const errors = Object.values(hostileErrors());
    const thrower = (error: unknown) => () => {
      throw error;
    };
    for (const error of errors) {
      reactor.callLater(0, thrower(error));
      reactor.addSystemEventTrigger('during', 'shutdown', thrower(error));
    }
    reactor.callLater(0, () => reactor.stop());
    await within(reactor.run({ installSignalHandlers: false }), 'run to settle');
    expect(rig.takeReports()).toHaveLength(2 * errors.length);
  });
});

/** An object whose property throws when it is read, once `hostile` is true. */
function withGetter<T extends object>(object: T, name: string, hostile: () => boolean): T {
  const value: unknown = Reflect.get(object, name);
  return Object.defineProperty(object, name, {
    get() {
      if (hostile()) throw new Error(`the getter ${name}`);
      return value;
    },
  });
}

contract('callbacks whose getters throw', (rig) => {
  it.each(['connectionLost', 'readConnectionLost', 'writeConnectionLost'])(
    'end the connection, and do not stop a shutdown: %s',
    async (name) => {
      const { reactor } = rig;
      let hostile = false;
      const made: Protocol[] = [];
      class HalfClosing extends Protocol {
        override connectionMade(): void {
          made.push(this);
        }
        readConnectionLost(): void {}
        writeConnectionLost(): void {}
      }
      const factory = (): Protocol => withGetter(new HalfClosing(), name, () => hostile);
      const run = reactor.run({ installSignalHandlers: false });
      const port = portOf(reactor.listenTCP(0, factory, { interface: '127.0.0.1' }));
      const peer = rig.use(await RawPeer.connect(port));
      rig.use(await RawPeer.connect(port));
      while (made.length < 2) await rig.turns(1);
      hostile = true;
      made[0]?.transport.loseWriteConnection();
      await peer.untilGone();
      peer.end();
      made[0]?.transport.abortConnection();
      reactor.stop();
      await within(run, 'run to settle');
      expect(reactor.statistics().connectionsOpen).toBe(0);
      for (const { error, where } of rig.takeReports()) {
        expect({ message: (error as Error).message, where }).toEqual({
          message: `the getter ${name}`,
          where: name,
        });
      }
    },
  );

  it.each(['clientConnectionMade', 'clientConnectionFailed', 'clientConnectionLost'])(
    'are reported if they are of a factory: %s',
    async (name) => {
      const { reactor } = rig;
      let hostile = false;
      const made = latch();
      const factory = (): RecordingFactory =>
        withGetter(recorders({ connectionMade: () => made.open() }), name, () => hostile);
      const run = reactor.run({ installSignalHandlers: false });
      const port = portOf(reactor.listenTCP(0, Protocol, { interface: '127.0.0.1' }));
      const connectors = [port, await closedPort()].map((to) =>
        reactor.connectTCP('127.0.0.1', to, factory()),
      );
      hostile = true;
      await within(made.promise, 'connectionMade');
      while (connectors[1]?.state !== 'disconnected') await rig.turns(1);
      reactor.stop();
      await within(run, 'run to settle');
      expect(rig.takeReports()).toMatchObject([{ where: name }]);
    },
  );
});

contract('what a reporter', (rig) => {
  const broken = new Error('the reporter is broken');
  it.each([
    [
      'throws',
      (): never => {
        throw broken;
      },
    ],
    ['rejects with', async (): Promise<void> => Promise.reject(broken)],
  ])('%s is printed, and what it was given', async (_name, reportError) => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    try {
      const reactor = rig.make({ reportError });
      const boom = new Error('boom');
      reactor.callLater(0, () => {
        throw boom;
      });
      await rig.turns(2, reactor);
      expect(printed.mock.calls).toEqual([
        ['ropewalk: delayed call:', boom],
        ['ropewalk: reportError:', broken],
      ]);
    } finally {
      printed.mockRestore();
    }
  });
});
