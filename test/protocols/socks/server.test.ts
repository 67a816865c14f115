/** The proxy over each reactor, with clients and targets of node:net and node:dgram. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { NameNotFoundError } from '../../../src/core/errors/names.js';
import type { HostAddress, NameResolver } from '../../../src/core/name-resolver.js';
import { Deferred } from '../../../src/defer/deferred.js';
import { succeed } from '../../../src/defer/succeed.js';
import { SocksServerFactory } from '../../../src/protocols/socks/server.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { MemoryReactor } from '../../../src/testing/memory-reactor.js';
import { accept } from '../../policies/wired.js';
import { contract } from '../../support/contract.js';
import { Pulse, within } from '../../support/deadline.js';
import { HUGE, patterned } from '../../support/pairs.js';
import { closedPort, RawPeer, RawServer } from '../../support/raw-peer.js';
import { boundPort, replyTo, request, requestForName, startProxy } from './clients.js';

const SUCCEEDED = 0;
const NOT_ALLOWED = 2;
const HOST_UNREACHABLE = 4;
const REFUSED = 5;
const NOT_SUPPORTED = 7;

/** Answers each look-up with the next list, and the last one from then on. */
class ChangingResolver implements NameResolver {
  readonly answers: readonly string[][];
  asked = 0;

  constructor(...answers: string[][]) {
    this.answers = answers;
  }

  resolveHostName(_name: string): Deferred<readonly HostAddress[]> {
    const answer = this.answers[Math.min(this.asked++, this.answers.length - 1)] as string[];
    return succeed(answer.map((address) => ({ address, family: 'IPv4' as const })));
  }
}

contract('SOCKS proxy', (rig) => {
  it('relays in both directions and passes the end of each on', async () => {
    const proxy = startProxy(rig);
    const target = rig.use(await RawServer.listen());
    const [client, reply] = await replyTo(rig, proxy, request(1, target.port));
    expect(reply).toBe(SUCCEEDED);
    const far = await target.peer();
    expect(boundPort(client.received)).toBe(far.remotePort);
    client.write('hello');
    expect((await far.receive(5)).toString()).toBe('hello');
    client.end();
    await far.untilEnded();
    far.write('still open');
    await client.receive(12 + 10);
    expect(client.received.subarray(12).toString()).toBe('still open');
    far.end();
    await client.untilEnded();
    expect(proxy.served).toEqual(['5 connect 127.0.0.1 -']);
  });

  it('relays bytes that the client sends ahead of every answer', async () => {
    const proxy = startProxy(rig);
    const target = rig.use(await RawServer.listen());
    const ahead = Buffer.concat([request(1, target.port), Buffer.from('ahead')]);
    await replyTo(rig, proxy, ahead);
    expect((await (await target.peer()).receive(5)).toString()).toBe('ahead');
  });

  it('relays much more than buffers hold, when one side reads late', async () => {
    const proxy = startProxy(rig);
    const target = rig.use(await RawServer.listen());
    const [client] = await replyTo(rig, proxy, request(1, target.port));
    const far = await target.peer();
    far.socket.pause();
    const bytes = patterned(HUGE, 7);
    client.write(bytes);
    client.end();
    await rig.turns(20);
    far.socket.resume();
    await far.untilEnded();
    expect(far.received.equals(bytes)).toBe(true);
  });

  it('passes a reset on', async () => {
    const proxy = startProxy(rig);
    const target = rig.use(await RawServer.listen());
    const [client] = await replyTo(rig, proxy, request(1, target.port));
    const far = await target.peer();
    far.reset();
    await client.until(() => client.closed, 'close');
    expect(client.error?.code).toBe('ECONNRESET');
  });

  it('serves SOCKS 4 and 4a', async () => {
    const proxy = startProxy(rig);
    const target = rig.use(await RawServer.listen());
    const port = [target.port >> 8, target.port & 255];
    const requests = [
      Buffer.from([4, 1, ...port, 127, 0, 0, 1, 0x75, 0]),
      Buffer.from([4, 1, ...port, 0, 0, 0, 1, 0, ...Buffer.from('127.0.0.1'), 0]),
    ];
    for (const [index, bytes] of requests.entries()) {
      const client = rig.use(await RawPeer.connect(proxy.port));
      client.write(bytes);
      expect((await client.receive(8))[1]).toBe(90);
      client.write('x');
      await (await target.peer(index)).receive(1);
    }
  });

  it('refuses what the rules refuse, by address and by name', async () => {
    const proxy = startProxy(rig, { allow: [] });
    const target = rig.use(await RawServer.listen());
    const answers: number[] = [];
    for (const bytes of [
      request(1, target.port),
      request(1, 80, 169, 254, 169, 254),
      request(1, 80, 10, 0, 0, 1),
      request(1, target.port, 0, 0, 0, 0),
      requestForName('localhost', target.port),
      requestForName('127.0.0.1', target.port),
      Buffer.from([5, 1, 0, 4, ...Buffer.alloc(10), 255, 255, 127, 0, 0, 1, 0, 80]),
    ]) {
      const [client, reply] = await replyTo(rig, proxy, bytes.subarray(0, bytes.length));
      answers.push(reply);
      await client.untilGone();
    }
    expect(answers).toEqual(Array(7).fill(NOT_ALLOWED));
    expect(target.peers).toEqual([]);
    expect(proxy.factory.refusedCount).toBe(7);
    expect(proxy.refusals[1]).toBe('the address is not allowed: connect 169.254.169.254 80');
  });

  it('connects to the address that was checked, not to that of a second look-up', async () => {
    const resolver = new ChangingResolver(['127.0.0.2', '10.0.0.1'], ['127.0.0.1']);
    rig.reactor.installNameResolver(resolver);
    const proxy = startProxy(rig, { allow: ['127.0.0.2'] });
    const wrong = rig.use(await RawServer.listen());
    const right = rig.use(await RawServer.listen('127.0.0.2', wrong.port));
    const [, reply] = await replyTo(rig, proxy, requestForName('rebinding.example', wrong.port));
    expect(reply).toBe(SUCCEEDED);
    await right.peer();
    expect(wrong.peers).toEqual([]);
    expect(resolver.asked).toBe(1);
    const [, second] = await replyTo(rig, proxy, requestForName('rebinding.example', wrong.port));
    expect(second).toBe(NOT_ALLOWED);
  });

  it('tries the next address of a name when one refuses', async () => {
    const target = rig.use(await RawServer.listen('127.0.0.2'));
    rig.reactor.installNameResolver(new ChangingResolver(['127.0.0.1', '127.0.0.2']));
    const [, reply] = await replyTo(
      rig,
      startProxy(rig),
      requestForName('two.example', target.port),
    );
    expect(reply).toBe(SUCCEEDED);
    await target.peer();
  });

  it('says why a connection was not made', async () => {
    const proxy = startProxy(rig);
    const port = await closedPort();
    expect((await replyTo(rig, proxy, request(1, port)))[1]).toBe(REFUSED);
    rig.reactor.installNameResolver({
      resolveHostName: (name) => {
        const answer = new Deferred<readonly HostAddress[]>();
        answer.errback(new NameNotFoundError('there is no such name', name));
        return answer;
      },
    });
    const invalid = requestForName('does-not-exist.invalid', 80);
    expect((await replyTo(rig, proxy, invalid))[1]).toBe(HOST_UNREACHABLE);
    expect((await replyTo(rig, proxy, request(2, port)))[1]).toBe(NOT_SUPPORTED);
    expect((await replyTo(rig, proxy, request(9, port)))[1]).toBe(NOT_SUPPORTED);
  });

  it('asks permit for each address, with the user', async () => {
    const asked: string[] = [];
    const target = rig.use(await RawServer.listen());
    const proxy = startProxy(rig, {
      authenticate: async (user, password) => user === 'alice' && password === 'secret',
      permit: async ({ username, request: { port } }, address) => {
        asked.push(`${username} ${address}`);
        return port === target.port;
      },
    });
    const login = Buffer.from([
      5,
      1,
      2,
      1,
      5,
      ...Buffer.from('alice'),
      6,
      ...Buffer.from('secret'),
    ]);
    for (const [port, expected] of [
      [target.port, SUCCEEDED],
      [25, NOT_ALLOWED],
    ] as const) {
      const client = rig.use(await RawPeer.connect(proxy.port));
      client.write(Buffer.concat([login, request(1, port)]));
      const received = await client.receive(14);
      expect([...received.subarray(0, 4)]).toEqual([5, 2, 1, 0]);
      expect(received[5]).toBe(expected);
    }
    expect(asked).toEqual(['alice 127.0.0.1', 'alice 127.0.0.1']);
    expect(proxy.served).toEqual(['5 connect 127.0.0.1 alice']);
  });

  it('refuses wrong passwords, clients without one, and SOCKS 4, if a password is required', async () => {
    const proxy = startProxy(rig, { authenticate: (_user, password) => password === 'right' });
    const cases: readonly [Buffer, string][] = [
      [Buffer.from([5, 1, 2, 1, 1, 0x61, 5, ...Buffer.from('wrong')]), '05020101'],
      [Buffer.from([5, 1, 0]), '05ff'],
      [Buffer.from([4, 1, 0, 80, 127, 0, 0, 1, 0]), '005b000000000000'],
    ];
    for (const [bytes, answer] of cases) {
      const client = rig.use(await RawPeer.connect(proxy.port));
      client.write(bytes);
      await client.untilGone();
      expect(client.received.toString('hex')).toBe(answer);
    }
    expect(proxy.refusals).toHaveLength(3);
    expect(proxy.refusals.join()).not.toContain('wrong"');
  });

  it('reports an authenticate that throws, and ends the connection', async () => {
    const proxy = startProxy(rig, {
      authenticate: () => {
        throw new Error('the database is away');
      },
    });
    const client = rig.use(await RawPeer.connect(proxy.port));
    client.write(Buffer.from([5, 1, 2, 1, 1, 0x61, 1, 0x62]));
    await client.untilGone();
    expect(rig.takeReports().map(({ error }) => String(error))).toEqual([
      'Error: the database is away',
    ]);
  });

  it('refuses connections beyond maxConnections, and counts those that end', async () => {
    const proxy = startProxy(rig, { maxConnections: 1 });
    const target = rig.use(await RawServer.listen());
    const [first] = await replyTo(rig, proxy, request(1, target.port));
    const second = rig.use(await RawPeer.connect(proxy.port));
    await second.untilGone();
    expect(proxy.refusals).toEqual(['there are 1 connections']);
    first.end();
    (await target.peer()).end();
    await first.untilEnded();
    const [, reply] = await replyTo(rig, proxy, request(1, target.port));
    expect(reply).toBe(SUCCEEDED);
  });

  it('ends the connection to the target if the client leaves while it is being made', async () => {
    const held = new Deferred<readonly HostAddress[]>();
    const asked = new Pulse();
    let count = 0;
    rig.reactor.installNameResolver({
      resolveHostName: () => {
        count++;
        asked.notify();
        return held;
      },
    });
    const proxy = startProxy(rig);
    const client = rig.use(await RawPeer.connect(proxy.port));
    client.write(Buffer.concat([Buffer.from([5, 1, 0]), requestForName('slow.example', 80)]));
    await asked.until(() => count === 1, 'the look-up');
    client.reset();
    const cancelled = new Promise<unknown>((resolve) => void held.addBoth(resolve));
    await within(cancelled, 'the look-up to be cancelled');
    expect(proxy.factory.connectionCount).toBe(0);
  });

  it('accepts the expected host for BIND, and nobody else', async () => {
    const proxy = startProxy(rig, { commands: ['connect', 'bind'] });
    const [client, reply] = await replyTo(rig, proxy, request(2, 0, 127, 0, 0, 2));
    expect(reply).toBe(SUCCEEDED);
    const port = boundPort(client.received);
    const stranger = rig.use(await RawPeer.connect(port));
    await stranger.untilGone();
    const expected = rig.use(
      await RawPeer.connect(port, '127.0.0.1', { localAddress: '127.0.0.2' }),
    );
    const received = await client.receive(22);
    expect([...received.subarray(12, 20)]).toEqual([5, 0, 0, 1, 127, 0, 0, 2]);
    expect(boundPort(received, 12)).toBe(expected.localPort);
    expected.write('from outside');
    await client.receive(34);
    client.write('back');
    expect((await expected.receive(4)).toString()).toBe('back');
    await expect(RawPeer.connect(port)).rejects.toThrow();
  });

  it('closes the port of BIND when the client leaves', async () => {
    const proxy = startProxy(rig, { commands: ['bind'] });
    const [client] = await replyTo(rig, proxy, request(2, 0, 0, 0, 0, 0));
    const port = boundPort(client.received);
    client.end();
    await client.untilEnded();
    await rig.turns(2);
    await expect(RawPeer.connect(port)).rejects.toThrow();
  });

  describe('UDP ASSOCIATE', () => {
    const header = (port: number, ...host: number[]): Buffer => {
      const address = host.length === 4 ? host : [127, 0, 0, 1];
      return Buffer.from([0, 0, 0, 1, ...address, port >> 8, port & 255]);
    };

    async function socket(
      host = '127.0.0.1',
    ): Promise<{ raw: Socket; port: number; seen: Buffer[]; pulse: Pulse }> {
      const raw = createSocket('udp4');
      const seen: Buffer[] = [];
      const pulse = new Pulse();
      raw.on('message', (data) => {
        seen.push(data);
        pulse.notify();
      });
      raw.bind(0, host);
      await once(raw, 'listening');
      rig.use({
        [Symbol.asyncDispose]: () =>
          new Promise<void>((resolve) => void raw.close(() => resolve())),
      });
      return { raw, port: raw.address().port, seen, pulse };
    }

    it('relays datagrams of the client and of hosts that it has sent to', async () => {
      const proxy = startProxy(rig, { commands: ['associate'] });
      const [control, reply] = await replyTo(rig, proxy, request(3, 0, 0, 0, 0, 0));
      expect(reply).toBe(SUCCEEDED);
      const port = boundPort(control.received);
      const [client, target, stranger] = [await socket(), await socket(), await socket()];
      client.raw.send(Buffer.concat([header(target.port), Buffer.from('ping')]), port, '127.0.0.1');
      await target.pulse.until(() => target.seen.length === 1, 'the datagram at the target');
      expect(target.seen.map(String)).toEqual(['ping']);
      let from = 0;
      target.raw.on('message', (_data, peer) => {
        from = peer.port;
        target.pulse.notify();
      });
      client.raw.send(Buffer.concat([header(target.port), Buffer.from('two')]), port, '127.0.0.1');
      await target.pulse.until(() => from !== 0, 'the second datagram');
      // A stranger to the proxy's socket, another sender, a fragment and a forbidden host are dropped.
      stranger.raw.send('intruder', from, '127.0.0.1');
      stranger.raw.send(
        Buffer.concat([header(target.port), Buffer.from('evil')]),
        port,
        '127.0.0.1',
      );
      const fragment = Buffer.concat([header(target.port), Buffer.from('part')]);
      fragment[2] = 1;
      client.raw.send(fragment, port, '127.0.0.1');
      client.raw.send(
        Buffer.concat([header(80, 10, 0, 0, 1), Buffer.from('x')]),
        port,
        '127.0.0.1',
      );
      client.raw.send(Buffer.concat([header(target.port), Buffer.from('last')]), port, '127.0.0.1');
      await target.pulse.until(() => target.seen.length === 3, 'the last datagram');
      expect(target.seen.map(String)).toEqual(['ping', 'two', 'last']);
      target.raw.send('pong', from, '127.0.0.1');
      await client.pulse.until(() => client.seen.length === 1, 'the answer');
      expect(client.seen).toEqual([Buffer.concat([header(target.port), Buffer.from('pong')])]);
    });

    it('resolves names, and ends with the control connection', async () => {
      const resolver = new ChangingResolver(['10.0.0.1', '127.0.0.1'], ['127.0.0.9']);
      rig.reactor.installNameResolver(resolver);
      const proxy = startProxy(rig, { commands: ['associate'] });
      const [control] = await replyTo(rig, proxy, request(3, 0, 0, 0, 0, 0));
      const port = boundPort(control.received);
      const [client, target] = [await socket(), await socket()];
      const name = Buffer.from([0, 0, 0, 3, 1, 0x61, target.port >> 8, target.port & 255]);
      for (const text of ['one', 'two']) {
        client.raw.send(Buffer.concat([name, Buffer.from(text)]), port, '127.0.0.1');
      }
      await target.pulse.until(() => target.seen.length === 2, 'both datagrams');
      expect(target.seen.map(String)).toEqual(['one', 'two']);
      expect(resolver.asked).toBe(1);
      control.end();
      await control.untilEnded();
      expect(proxy.factory.connectionCount).toBe(0);
      const free = createSocket('udp4');
      rig.use({
        [Symbol.asyncDispose]: () =>
          new Promise<void>((resolve) => void free.close(() => resolve())),
      });
      await rig.turns(2);
      free.bind(port, '127.0.0.1');
      await within(once(free, 'listening'), 'the port to be free again');
    });
  });
});

describe('time-outs of a SOCKS proxy', () => {
  function bench(options = {}): {
    clock: MemoryReactor;
    factory: SocksServerFactory;
    refusals: string[];
  } {
    const refusals: string[] = [];
    const clock = new MemoryReactor();
    const factory = new SocksServerFactory(clock, {
      allow: ['0.0.0.0/0'],
      onRefused: (reason) => refusals.push(reason.message),
      ...options,
    });
    return { clock, factory, refusals };
  }

  it('refuses clients whose request is not complete in time', () => {
    const { clock, factory, refusals } = bench({ handshakeTimeoutMs: 1_000 });
    const { transport } = accept(factory);
    transport.receive(Buffer.from([5, 1, 0]));
    clock.advance(900);
    transport.receive(Buffer.from([5]));
    expect(refusals).toEqual([]);
    clock.advance(1_000);
    expect(refusals).toEqual(['no complete request in 1000 ms']);
    expect(transport.disconnecting).toBe(true);
  });

  it('refuses options that it does not know, and values that make no sense', () => {
    const make =
      (options: object): (() => unknown) =>
      () =>
        new SocksServerFactory(new MemoryReactor(), options);
    expect(make({ allows: [] })).toThrow("'allow'");
    expect(make({ versions: [6] })).toThrow('versions');
    expect(make({ commands: ['udp'] })).toThrow('commands');
    expect(make({ maxConnections: 0 })).toThrow('maxConnections');
    expect(make({ authenticate: true })).toThrow('authenticate');
    expect(() => new SocksServerFactory(new ManualClock() as never)).toThrow('reactor');
  });
});
