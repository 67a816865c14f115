import { describe, expect, it } from 'vitest';
import { RemoteProtocolError } from '../../src/core/errors/base.js';
import type { Transport } from '../../src/core/transport.js';
import {
  callReported,
  failConnection,
  failOnRejection,
  onRejection,
  reportRejection,
} from '../../src/defer/callback-result.js';
import { ReactorStoppedError } from '../../src/defer/errors.js';
import { fail } from '../../src/defer/succeed.js';
import { flushLoggedErrors } from '../../src/testing/logged-errors.js';

const boom = new Error('boom');

class BrokenPeer extends RemoteProtocolError {
  override readonly name = 'BrokenPeer';
  override readonly code = 'ERR_BROKEN_PEER';
}

/** A transport of the application's own, without `fail`. */
function foreignTransport(): { transport: Transport; calls: string[] } {
  const calls: string[] = [];
  const transport = { abortConnection: () => void calls.push('abortConnection') };
  return { transport: transport as unknown as Transport, calls };
}

describe('onRejection', () => {
  it.each<[string, () => unknown]>([
    ['a promise', () => Promise.reject(boom)],
    ['a Deferred', () => fail(boom)],
    [
      'a thenable that throws',
      () => ({
        then() {
          throw boom;
        },
      }),
    ],
    [
      'a getter named then that throws',
      () => ({
        get then() {
          throw boom;
        },
      }),
    ],
  ])('tells of the rejection of %s', async (_name, make) => {
    const told: unknown[] = [];
    onRejection(make(), (error) => void told.push(error));
    await new Promise(setImmediate);
    expect(told).toEqual([boom]);
  });

  it.each([undefined, null, 5, 'text', {}, { then: 5 }, Promise.resolve(1)])(
    'has nothing to tell of %s',
    async (result) => {
      const told: unknown[] = [];
      onRejection(result, (error) => void told.push(error));
      await new Promise(setImmediate);
      expect(told).toEqual([]);
    },
  );
});

describe('reportRejection', () => {
  it('does not report that the reactor was stopped', async () => {
    reportRejection(Promise.reject(new ReactorStoppedError()), 'startFactory');
    await new Promise(setImmediate);
    expect(flushLoggedErrors()).toEqual([]);
  });

  it('reports', async () => {
    reportRejection(Promise.reject(boom), 'startFactory');
    await new Promise(setImmediate);
    expect(flushLoggedErrors()).toMatchObject([{ error: boom, where: 'startFactory' }]);
  });
});

describe('failOnRejection', () => {
  it('ends the connection of a transport that cannot fail by itself', async () => {
    const { transport, calls } = foreignTransport();
    failOnRejection(Promise.reject(boom), transport, 'dataReceived');
    await new Promise(setImmediate);
    expect(calls).toEqual(['abortConnection']);
    expect(flushLoggedErrors()).toMatchObject([{ error: boom, where: 'dataReceived' }]);
  });

  it('does not report that the reactor was stopped', async () => {
    const { transport, calls } = foreignTransport();
    failOnRejection(Promise.reject(new ReactorStoppedError()), transport, 'dataReceived');
    await new Promise(setImmediate);
    expect(calls).toEqual(['abortConnection']);
    expect(flushLoggedErrors()).toEqual([]);
  });

  it('does not report violations by the peer', () => {
    const { transport, calls } = foreignTransport();
    failConnection(transport, new BrokenPeer(), 'dataReceived');
    expect(calls).toEqual(['abortConnection']);
    expect(flushLoggedErrors()).toEqual([]);
  });
});

describe('callReported', () => {
  it('passes the arguments, and reports an exception or a rejection', async () => {
    const calls: unknown[] = [];
    callReported('here', (...args: number[]) => void calls.push(args), 1, 2);
    callReported('here', () => {
      throw boom;
    });
    callReported('there', () => Promise.reject(boom));
    await Promise.resolve();
    expect(calls).toEqual([[1, 2]]);
    expect(flushLoggedErrors()).toMatchObject([
      { where: 'here', error: boom },
      { where: 'there', error: boom },
    ]);
  });
});
