import { afterEach, describe, expect, it } from 'vitest';
import type { Address } from '../../../src/core/address.js';
import { Deferred } from '../../../src/defer/deferred.js';
import { TCPClientEndpoint } from '../../../src/endpoints/tcp.js';
import type { StreamClientEndpoint } from '../../../src/index.js';
import {
  FingerServerFactory,
  type FingerServerOptions,
  finger,
} from '../../../src/protocols/finger/index.js';
import type { FingerLookup } from '../../../src/protocols/finger/server.js';
import { flushLoggedErrors } from '../../../src/testing/logged-errors.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { accept, offer } from '../../policies/wired.js';
import { contract, portOf } from '../../support/contract.js';
import { closedPort, RawPeer } from '../../support/raw-peer.js';

const USERS = new Map([['alice', 'Alice\nworks on \x1b[1mreactors']]);

function answerTo(
  question: string,
  users: FingerLookup | Map<string, string> = USERS,
  options: FingerServerOptions = {},
): string {
  const { transport } = accept(new FingerServerFactory(new ManualClock(), users, options));
  transport.receive(question);
  transport.settle();
  return `${transport.text}${transport.peerSees}`;
}

describe('a finger server', () => {
  it.each([
    ['a user', 'alice\r\n', 'Alice\r\nworks on \\x1b[1mreactors\r\nend'],
    ['an unknown user', 'bob\r\n', 'finger: bob: no such user\r\nend'],
    ['nobody', '\r\n', 'Finger online user list denied\r\nend'],
    ['another host', 'alice@x\r\n', 'Finger forwarding service denied\r\nend'],
    ['control characters', 'a\x07\r\n', 'invalid finger query: it has control characters\r\nend'],
    ['a long name', 'a'.repeat(513), 'the query is too long\r\nend'],
    [
      'the longest name',
      `${'a'.repeat(512)}\r\n`,
      `finger: ${'a'.repeat(512)}: no such user\r\nend`,
    ],
    ['two users, answers once', 'bob\r\nalice\r\n', 'finger: bob: no such user\r\nend'],
  ])('asked for %s', (_what, question, answer) => {
    expect(answerTo(question)).toBe(answer);
  });

  it('passes the query to the functions', () => {
    const asked: unknown[] = [];
    const lookup: FingerLookup = (user, { verbose, peer }) => {
      asked.push(user, verbose, String(peer));
      return 'x';
    };
    const list = (request: { verbose: boolean }): string => `${request.verbose}`;
    expect(answerTo('/W alice\r\n', lookup)).toBe('x\r\nend');
    expect(asked).toEqual(['alice', true, '192.0.2.2:40000']);
    expect(answerTo('/W\r\n', lookup, { list })).toBe('true\r\nend');
  });

  it('waits for a Deferred, and cancels it if the client leaves', async () => {
    let cancelled = 0;
    const pending = new Deferred<string>(() => cancelled++);
    const factory = new FingerServerFactory(new ManualClock(), () => pending);
    const { transport } = accept(factory);
    transport.receive('alice\r\n');
    transport.settle();
    expect(transport.text).toBe('');
    expect(factory.connectionCount).toBe(1);
    transport.peerResets();
    transport.settle();
    expect(cancelled).toBe(1);
    expect(factory.connectionCount).toBe(0);
  });

  it('reports a failed look-up, and says nothing about it', async () => {
    const broken = new Error('secret');
    const failed = 'The finger server failed to answer.\r\nend';
    expect(
      answerTo('alice\r\n', () => {
        throw broken;
      }),
    ).toBe(failed);
    expect(answerTo('alice\r\n', () => 5 as never)).toBe(failed);
    expect(flushLoggedErrors(Error).length).toBe(2);
  });

  it('gives up on a look-up after answerTimeoutMs, without a report', () => {
    const clock = new ManualClock();
    let cancelled = 0;
    const lookup = (): Deferred<string> => new Deferred(() => cancelled++);
    const factory = new FingerServerFactory(clock, lookup, { answerTimeoutMs: 10_000 });
    const { transport } = accept(factory);
    transport.receive('alice\r\n');
    transport.settle();
    clock.advance(9_000);
    expect(cancelled).toBe(0);
    clock.advance(3_000);
    transport.settle();
    expect(cancelled).toBe(1);
    expect(transport.text).toBe('The finger server failed to answer.\r\n');
    expect(transport.peerSees).toBe('end');
  });

  it('closes after questionTimeoutMs, however often a byte arrives', () => {
    const clock = new ManualClock();
    const factory = new FingerServerFactory(clock, USERS, { questionTimeoutMs: 10_000 });
    const { transport } = accept(factory);
    for (let second = 0; second < 12; second++) {
      if (transport.connected) transport.receive('a');
      clock.advance(1_000);
      transport.settle();
    }
    expect(transport.peerSees).toBe('end');
    expect(factory.connectionCount).toBe(0);
  });

  it('aborts a client that does not read the answer', () => {
    const clock = new ManualClock();
    const factory = new FingerServerFactory(clock, () => 'x'.repeat(100_000));
    const { transport } = accept(factory, { capacity: 1_000 });
    transport.receive('alice\r\n');
    transport.settle();
    clock.advance(80_000);
    transport.settle();
    expect(transport.peerSees).toBe('reset');
    expect(factory.connectionCount).toBe(0);
  });

  it('refuses connections over maxConnections', () => {
    const factory = new FingerServerFactory(new ManualClock(), USERS, { maxConnections: 1 });
    accept(factory);
    expect(offer(factory)).toBeNull();
    expect(factory.refusedCount).toBe(1);
  });
});

contract('finger', (rig) => {
  const asked: [string, Address][] = [];

  afterEach(() => {
    asked.length = 0;
  });

  function serve(options: FingerServerOptions = {}, users: FingerLookup = lookup): number {
    const factory = new FingerServerFactory(rig.reactor, users, options);
    return portOf(rig.reactor.listenTCP(0, factory, { interface: '127.0.0.1' }));
  }

  async function lookup(user: string): Promise<string | undefined> {
    return USERS.get(user);
  }

  function at(port: number): StreamClientEndpoint {
    return new TCPClientEndpoint(rig.reactor, '127.0.0.1', port);
  }

  it('client and server', async () => {
    const clock = rig.reactor;
    const endpoint = at(serve({ list: () => 'alice' }));
    expect(await finger(endpoint, 'alice', { clock })).toBe('Alice\nworks on \\x1b[1mreactors\n');
    expect(await finger(endpoint, '', { clock, verbose: true })).toBe('alice\n');
    expect(await finger(endpoint, 'bob', { clock })).toBe('finger: bob: no such user\n');
  });

  it('forwards along hosts, one at a time', async () => {
    const clock = rig.reactor;
    const last = serve();
    const middle = serve({ forward: (host) => (host === 'last' ? at(last) : undefined) });
    const first = at(serve({ forward: (host) => (host === 'middle' ? at(middle) : undefined) }));
    const options = { clock, verbose: true };
    expect(await finger(first, 'alice@last@middle', options)).toContain('Alice\nworks');
    expect(await finger(first, 'alice@other@middle', options)).toBe(
      'Finger forwarding service denied\n',
    );
  });

  it('says which host did not answer, and not why', async () => {
    const closed = await closedPort();
    const first = at(serve({ forward: () => at(closed) }));
    expect(await finger(first, 'alice@last', { clock: rig.reactor })).toBe(
      'finger: last did not answer\n',
    );
  });

  it('answers a client that has finished sending', async () => {
    const peer = rig.use(await RawPeer.connect(serve()));
    peer.write('alice\r\n');
    peer.end();
    await peer.untilEnded();
    expect(peer.text).toContain('Alice');
  });

  it('closes if the client ends without a query', async () => {
    const peer = rig.use(await RawPeer.connect(serve()));
    peer.write('ali');
    peer.end();
    await peer.untilEnded();
    expect(peer.text).toBe('');
  });

  it('limits the answer, the time, and can be cancelled', async () => {
    const clock = rig.reactor;
    const silent = at(serve({}, () => new Deferred<string>()));
    const long = at(serve({}, () => 'x'.repeat(70_000)));
    await expect(finger(long, 'a', { clock })).rejects.toThrow('more than 65536 bytes');
    await expect(finger(silent, 'a', { clock, timeoutMs: 50 })).rejects.toThrow(
      'no result in 50 ms',
    );
    const abort = new AbortController();
    const answer = finger(silent, 'a', { clock, signal: abort.signal });
    abort.abort();
    await expect(answer).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
    await expect(finger(silent, 'a', { clock, signal: abort.signal })).rejects.toMatchObject({
      code: 'ERR_CANCELLED',
    });
    await expect(finger(at(await closedPort()), 'a', { clock })).rejects.toMatchObject({
      code: 'ERR_CONNECTION_REFUSED',
    });
  });
});
