/** Attacks on the proxy: spellings of addresses, other families, peers that do nothing, and each time-out. */
import { expect, it } from 'vitest';
import { SocksServerFactory } from '../../../src/protocols/socks/server.js';
import { MemoryReactor } from '../../../src/testing/memory-reactor.js';
import { accept } from '../../policies/wired.js';
import { contract, portOf } from '../../support/contract.js';
import { RawPeer, RawServer } from '../../support/raw-peer.js';
import { boundPort, replyTo, request, requestForName, startProxy } from './clients.js';

const SUCCEEDED = 0;
const TTL_EXPIRED = 6;
const GREETING = Buffer.from([5, 1, 0]);

/** A request for an IPv6 address, as 16 bytes. */
function requestIPv6(port: number, address: readonly number[]): Buffer {
  return Buffer.from([5, 1, 0, 4, ...address, port >> 8, port & 255]);
}

const LOOPBACK_IPV6 = [...new Array(15).fill(0), 1];
const MAPPED = [...new Array(10).fill(0), 255, 255, 127, 0, 0, 1];
const NAT64 = [0, 0x64, 0xff, 0x9b, ...new Array(8).fill(0), 127, 0, 0, 1];

contract('SOCKS proxy under attack', (rig) => {
  it.each([
    ...['127.1', '127.0.1', '0x7f000001', '0x7f.1', '2130706433', '017700000001', '0', '0.0.0.0'],
    ...['localhost', 'LOCALHOST', '::1', '::ffff:127.0.0.1', '0:0:0:0:0:ffff:7f00:1', '[::1]'],
    ...['127.0.0.1%lo', '127.0.0.1 ', '127.0.0.1\0.example.com', '169.254.169.254', '0xa9fea9fe'],
  ])('reaches no service of this machine by the name %j', async (name) => {
    const target = rig.use(await RawServer.listen());
    const proxy = startProxy(rig, { allow: [], connectTimeoutMs: 2_000 });
    const client = rig.use(await RawPeer.connect(proxy.port));
    client.write(Buffer.concat([GREETING, requestForName(name, target.port)]));
    await client.untilGone();
    expect(client.received[3]).not.toBe(SUCCEEDED);
    expect([target.peers.length, proxy.served]).toEqual([0, []]);
  });

  it.each([
    ['loopback', LOOPBACK_IPV6],
    ['IPv4-mapped', MAPPED],
    ['NAT64', NAT64],
  ])('refuses IPv6 addresses of this machine: %s', async (_name, address) => {
    const proxy = startProxy(rig, { allow: [] });
    const [, reply] = await replyTo(rig, proxy, requestIPv6(80, address));
    expect(reply).toBe(2);
  });

  it.each([
    ['connect', 1, [127, 0, 0, 1]],
    ['bind', 2, [0, 0, 0, 0]],
  ] as const)(
    'refuses %s if permit decides nothing, although the client has left',
    async (_name, command, host) => {
      const proxy = startProxy(rig, {
        commands: ['connect', 'bind'],
        connectTimeoutMs: 100,
        permit: () => new Promise<boolean>(() => undefined),
      });
      const [early, left] = await Promise.all([
        RawPeer.connect(proxy.port),
        RawPeer.connect(proxy.port),
      ]);
      const message = Buffer.concat([
        GREETING,
        request(command, 80, ...host),
        Buffer.from('early'),
      ]);
      rig.use(early).write(message);
      rig.use(left).write(message);
      left.end();
      await early.untilGone();
      expect(early.received[3]).toBe(1);
      await left.untilGone();
    },
  );

  it('relays to a target of IPv6', async () => {
    const target = rig.use(await RawServer.listen('::1'));
    const proxy = startProxy(rig, { allow: ['::1'] });
    const [client, reply] = await replyTo(rig, proxy, requestIPv6(target.port, LOOPBACK_IPV6));
    expect(reply).toBe(SUCCEEDED);
    await client.receive(24);
    expect(client.received[5]).toBe(4);
    client.write('over IPv6');
    expect(String(await (await target.peer()).receive(9))).toBe('over IPv6');
  });

  it('serves BIND to clients of IPv4 on a port of both families', async () => {
    const refusals: string[] = [];
    const factory = new SocksServerFactory(rig.reactor, {
      allow: ['127.0.0.0/8'],
      commands: ['bind'],
      onRefused: (reason) => refusals.push(reason.message),
    });
    const port = portOf(rig.reactor.listenTCP(0, factory, { interface: '::' }));
    const client = rig.use(await RawPeer.connect(port));
    client.write(Buffer.concat([GREETING, request(2, 0, 127, 0, 0, 1)]));
    await client.receive(12);
    expect([client.received[3], refusals]).toEqual([SUCCEEDED, []]);
    const expected = rig.use(await RawPeer.connect(boundPort(client.received)));
    await client.receive(22);
    expected.write('x');
    await client.receive(23);
  });

  it('closes clients that send half a request, and serves others', async () => {
    const proxy = startProxy(rig, { handshakeTimeoutMs: 300 });
    const slow = await Promise.all(Array.from({ length: 30 }, () => RawPeer.connect(proxy.port)));
    for (const peer of slow) rig.use(peer).write('\x05');
    const target = rig.use(await RawServer.listen());
    expect((await replyTo(rig, proxy, request(1, target.port)))[1]).toBe(SUCCEEDED);
    for (const peer of slow) await peer.untilGone();
    expect(proxy.refusals).toHaveLength(30);
  });

  it('ends BIND and relays that do nothing in time', async () => {
    const target = rig.use(await RawServer.listen());
    const proxy = startProxy(rig, {
      commands: ['connect', 'bind'],
      bindTimeoutMs: 100,
      idleTimeoutMs: 100,
    });
    const [binding] = await replyTo(rig, proxy, request(2, 0, 127, 0, 0, 2));
    await binding.receive(22);
    expect(binding.received[13]).toBe(TTL_EXPIRED);
    await binding.untilEnded();
    await expect(RawPeer.connect(boundPort(binding.received))).rejects.toThrow();
    const [relayed] = await replyTo(rig, proxy, request(1, target.port));
    await relayed.untilGone();
    await (await target.peer()).untilGone();
  });
});

it('A SOCKS proxy gives up a silent target in time', async () => {
  const reactor = new MemoryReactor();
  const refusals: string[] = [];
  const factory = new SocksServerFactory(reactor, {
    connectTimeoutMs: 5_000,
    onRefused: (reason) => refusals.push(reason.message),
  });
  const { transport } = accept(factory);
  transport.receive(Buffer.concat([GREETING, request(1, 80, 8, 8, 8, 8)]));
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 5; i++) {
    await settle();
    reactor.advance(0);
  }
  reactor.advance(4_999);
  await settle();
  expect(refusals).toEqual([]);
  reactor.advance(2);
  await settle();
  expect(refusals).toEqual(['the connection was not made: connect 8.8.8.8 80']);
  expect(transport.written[3]).toBe(4);
});
