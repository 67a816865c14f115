/** Errors that cannot be read, and reporters that fail: both are survived. */
import { expect, it, vi } from 'vitest';
import { Protocol } from '../../src/index.js';
import { hostileErrors } from '../internal/hostile-errors.js';
import { contract, portOf } from '../support/contract.js';
import { latch, within } from '../support/deadline.js';
import { RawPeer } from '../support/raw-peer.js';

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
