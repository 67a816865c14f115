/** The proxy in the simulator: addresses that swallow packets, names that change, and datagrams of others. */
import { describe, expect, it } from 'vitest';
import type { UDPTransport } from '../../../src/core/datagram.js';
import { succeed } from '../../../src/defer/succeed.js';
import { SocksServerFactory } from '../../../src/protocols/socks/server.js';
import {
  AccumulatingProtocol,
  type SimulatedReactor,
  Simulation,
} from '../../../src/testing/index.js';
import { hostAddresses } from '../../support/name-resolvers.js';
import { boundPort, request, requestForName } from './clients.js';

const GREETING = Buffer.from([5, 1, 0]);
const SUCCEEDED = 0;
const NOT_ALLOWED = 2;
const HOST_UNREACHABLE = 4;
const IPV6 = '2001:4860::1';
const IPV4 = '8.8.8.8';
const PRIVATE = '10.9.9.9';

class Scene {
  readonly simulation: Simulation = new Simulation();
  readonly client: SimulatedReactor = this.simulation.host('9.9.9.1');
  readonly proxy: SimulatedReactor = this.simulation.host('9.9.9.2');
  readonly refusals: string[] = [];
  /** The hosts that accepted a connection, or received a datagram. */
  readonly reached: string[] = [];
  /** The answers of the resolver, one for each look-up; the last one from then on. */
  readonly #answers: string[][];
  asked = 0;

  constructor(...answers: string[][]) {
    this.#answers = answers;
    this.proxy.installNameResolver({
      resolveHostName: () => {
        const answer = this.#answers[Math.min(this.asked++, this.#answers.length - 1)] ?? [];
        return succeed(hostAddresses(...answer));
      },
    });
    const factory = new SocksServerFactory(this.proxy, {
      commands: ['connect', 'associate'],
      onRefused: ({ message }) => void this.refusals.push(message),
    });
    this.proxy.listenTCP(1080, factory);
  }

  serve(...addresses: string[]): this {
    for (const address of addresses) {
      const host = this.simulation.host(address);
      host.listenTCP(80, () => {
        this.reached.push(address);
        return {};
      });
      host.listenUDP(53, (data, from, transport) => {
        this.reached.push(`${address} ${data}`);
        transport.write(Buffer.from(`re: ${data}`), from);
      });
    }
    return this;
  }

  silence(address: string): this {
    this.simulation.partition(this.proxy, this.simulation.host(address));
    return this;
  }

  /** The reply to a request: its bytes after the greeting's answer. */
  async requested(bytes: Buffer): Promise<Buffer> {
    const protocol = new AccumulatingProtocol();
    this.client.connectTCP('9.9.9.2', 1080, () => protocol);
    await this.simulation.run(protocol.onConnectionMade);
    protocol.transport.write(Buffer.concat([GREETING, bytes]));
    await this.simulation.run(() => protocol.data.length >= 12);
    return protocol.data.subarray(2);
  }

  async replyFor(name: string): Promise<number | undefined> {
    return (await this.requested(requestForName(name, 80)))[1];
  }

  /** The port of the proxy for datagrams of the client. */
  async associated(): Promise<number> {
    const reply = await this.requested(request(3, 0, 0, 0, 0, 0));
    expect(reply[1]).toBe(SUCCEEDED);
    return boundPort(reply, 0);
  }

  socket(host: SimulatedReactor, port = 0): { transport: UDPTransport; received: string[] } {
    const received: string[] = [];
    const transport = host.listenUDP(port, (data) => void received.push(data.toString('latin1')));
    return { transport, received };
  }
}

function datagram(text: string, host: string | readonly number[], port = 53): Buffer {
  const address =
    typeof host === 'string'
      ? Buffer.from([3, host.length, ...Buffer.from(host)])
      : Buffer.from([1, ...host]);
  return Buffer.concat([
    Buffer.alloc(3),
    address,
    Buffer.from([port >> 8, port & 255]),
    Buffer.from(text),
  ]);
}

describe('connections of a SOCKS proxy', () => {
  it('are made within 300 ms if the first address of a name swallows packets', async () => {
    const scene = new Scene([IPV6, IPV4]).serve(IPV6, IPV4).silence(IPV6);
    const before = scene.simulation.now();
    expect(await scene.replyFor('two.example')).toBe(SUCCEEDED);
    expect(scene.simulation.now() - before).toBeLessThanOrEqual(300);
    expect(scene.reached).toEqual([IPV4]);
  });

  it('race only for addresses that the rules permit, of one look-up', async () => {
    const scene = new Scene([PRIVATE, IPV6, '127.0.0.1', IPV4], [PRIVATE]);
    scene.serve(PRIVATE, IPV6, IPV4).silence(IPV6);
    expect(await scene.replyFor('mixed.example')).toBe(SUCCEEDED);
    scene.simulation.heal();
    await scene.simulation.run({ ms: 60_000 });
    expect(scene.reached).toEqual([IPV4]);
    expect(scene.asked).toBe(1);
    expect(await scene.replyFor('mixed.example')).toBe(NOT_ALLOWED);
    expect(scene.reached).toEqual([IPV4]);
  });

  it('are given up when all addresses are silent, and no attempt is left', async () => {
    const scene = new Scene([IPV6, IPV4]).serve(IPV6, IPV4).silence(IPV6).silence(IPV4);
    expect(await scene.replyFor('silent.example')).toBe(HOST_UNREACHABLE);
    scene.simulation.heal();
    await scene.simulation.run({ ms: 60_000 });
    expect(scene.reached).toEqual([]);
    expect(scene.refusals).toEqual(['the connection was not made: connect silent.example 80']);
    expect(scene.proxy.connectors.size).toBe(0);
  });
});

describe('datagrams of a SOCKS proxy', () => {
  it('are not taken from another host, neither before nor after those of the client', async () => {
    const scene = new Scene().serve(IPV4);
    const port = await scene.associated();
    const facing = { host: '9.9.9.2', port };
    const thief = scene.simulation.host('9.9.9.66');
    const stolen = scene.socket(thief);
    stolen.transport.write(datagram('stolen', [8, 8, 8, 8]), facing);
    await scene.simulation.run({ ms: 100 });
    const client = scene.socket(scene.client);
    client.transport.write(datagram('mine', [8, 8, 8, 8]), facing);
    await scene.simulation.run({ ms: 100 });
    // Another host, with the same port as that of the client too, and another port of the client's host.
    expect(client.transport.getHost().port).toBe(stolen.transport.getHost().port);
    stolen.transport.write(datagram('x', [8, 8, 8, 8]), facing);
    scene.socket(scene.client).transport.write(datagram('y', [8, 8, 8, 8]), facing);
    await scene.simulation.run({ ms: 100 });
    expect(scene.reached).toEqual([`${IPV4} mine`]);
    expect(client.received).toEqual([datagram('re: mine', [8, 8, 8, 8]).toString('latin1')]);
    expect(stolen.received).toEqual([]);
  });

  it('reach the client only from the host and port that it has sent to', async () => {
    const scene = new Scene().serve(IPV4);
    const port = await scene.associated();
    const client = scene.socket(scene.client);
    let outward = 0;
    scene.simulation.host(IPV4).listenUDP(54, (_data, from) => {
      outward = from.port;
    });
    client.transport.write(datagram('x', [8, 8, 8, 8], 54), { host: '9.9.9.2', port });
    await scene.simulation.run(() => outward !== 0);
    const to = { host: '9.9.9.2', port: outward };
    // Another host with the expected port, and another port of the expected host.
    scene.socket(scene.simulation.host('8.8.4.4'), 54).transport.write(Buffer.from('spoof'), to);
    scene.socket(scene.simulation.host(IPV4)).transport.write(Buffer.from('spoof'), to);
    await scene.simulation.run({ ms: 100 });
    expect(client.received).toEqual([]);
  });

  it('go to the address that was checked although the name changes, and are checked when it was forgotten', async () => {
    const scene = new Scene([IPV4], [PRIVATE]).serve(IPV4, PRIVATE);
    const port = await scene.associated();
    const client = scene.socket(scene.client);
    const send = async (bytes: Buffer): Promise<void> => {
      client.transport.write(bytes, { host: '9.9.9.2', port });
      await scene.simulation.run({ ms: 5 });
    };
    await send(datagram('one', 'rebinding.example'));
    await send(datagram('two', 'rebinding.example'));
    expect(scene.asked).toBe(1);
    // The association remembers 256 hosts.
    for (let other = 1; other <= 256; other++) await send(datagram('x', [10, 0, 0, 1], other));
    await send(datagram('three', 'rebinding.example'));
    await send(datagram('four', 'rebinding.example'));
    await scene.simulation.run({ ms: 100 });
    expect(scene.asked).toBe(2);
    expect(scene.reached).toEqual([`${IPV4} one`, `${IPV4} two`]);
  });
});
