/** IPv6 scopes: an interface may be given by name or number, and has one spelling in every address that is reported. */
import { networkInterfaces } from 'node:os';
import { expect, it } from 'vitest';
import {
  type Address,
  ClientFactory,
  ConnectionRefusedError,
  Protocol,
  type UDPTransport,
} from '../../src/index.js';
import { MemoryReactor } from '../../src/testing/index.js';
import { contract, portOf } from '../support/contract.js';
import { latch, within } from '../support/deadline.js';

interface LinkLocal {
  readonly address: string;
  readonly spelled: string;
  readonly given: readonly string[];
}

/** An address of this machine, in the spelling of its reports, and the texts that may stand for it. */
function linkLocal(): LinkLocal | undefined {
  for (const [name, entries = []] of Object.entries(networkInterfaces())) {
    for (const entry of entries) {
      if (entry.family !== 'IPv6' || !entry.scopeid || !/^[\w.-]+$/.test(name)) continue;
      const { address, scopeid } = entry;
      const scope = process.platform === 'win32' ? scopeid : name;
      const given = [`${address}%${name}`, `${address}%${scopeid}`];
      return { address, spelled: `${address}%${scope}`, given };
    }
  }
  return undefined;
}

const LINK = linkLocal();
const { spelled = '', given = [] } = LINK ?? {};

const hosts = (...addresses: readonly (Address | undefined)[]): (string | undefined)[] =>
  addresses.map((address) => (address as { host?: string } | undefined)?.host);

contract('a link-local scope', (rig) => {
  it.skipIf(LINK === undefined).each(given)('of TCP addresses, given as %s', async (host) => {
    const ends = latch<readonly [Protocol, Protocol]>();
    const made: Protocol[] = [];
    class End extends Protocol {
      override connectionMade(): void {
        made.push(this);
        if (made.length === 2) ends.open(made as [Protocol, Protocol]);
      }
    }
    const port = rig.use(rig.reactor.listenTCP(0, End, { interface: host }));
    const connector = rig.reactor.connectTCP(host, portOf(port), End, { localAddress: host });
    const [one, other] = await within(ends.promise, 'a connection');
    expect(hosts(port.getHost())).toEqual([spelled]);
    expect(connector.getDestination()).toEqual({ host: spelled, port: portOf(port) });
    for (const { transport } of [one, other])
      expect(hosts(transport.getHost(), transport.getPeer())).toEqual([spelled, spelled]);
  });

  it.skipIf(LINK === undefined).each(given)('of refused connections, given as %s', async (host) => {
    const closed = rig.reactor.listenTCP(0, Protocol, { interface: host });
    await closed.stopListening();
    const failed = latch<Error>();
    class Failing extends ClientFactory {
      override buildProtocol(): null {
        return null;
      }

      override clientConnectionFailed(_connector: unknown, reason: Error): void {
        failed.open(reason);
      }
    }
    rig.reactor.connectTCP(host, portOf(closed), new Failing());
    const reason = await within(failed.promise, 'the failure');
    expect(reason).toBeInstanceOf(ConnectionRefusedError);
    expect(reason.message).toContain(spelled);
    expect((reason.cause as Error).message).toContain(spelled);
  });

  it.skipIf(LINK === undefined).each(given)('of UDP addresses, given as %s', async (host) => {
    const asked = latch<readonly [string, Address]>();
    const answered = latch<readonly [string, Address]>();
    const server = rig.use(
      rig.reactor.listenUDP(
        0,
        (data, from, port) => {
          asked.open([String(data), from]);
          port.write('answer', from);
        },
        { interface: host },
      ),
    );
    const client = rig.use(
      rig.reactor.listenUDP(0, (data, from) => answered.open([String(data), from]), {
        interface: host,
      }),
    );
    expect(hosts(server.getHost(), client.getHost())).toEqual([spelled, spelled]);
    client.write('question', { host, port: portOf(server) });
    const [question, asker] = await within(asked.promise, 'the question');
    const [answer, answerer] = await within(answered.promise, 'the answer');
    expect([question, ...hosts(asker)]).toEqual(['question', spelled]);
    expect([answer, ...hosts(answerer)]).toEqual(['answer', spelled]);
    client.connect(host, portOf(server));
    expect(hosts(client.connectedTo)).toEqual([spelled]);
  });

  it.skipIf(LINK === undefined).each(given)(
    'of a multicast interface, given as %s',
    async (host) => {
      const heard = latch<Address>();
      const group = 'ff02::4242';
      const port: UDPTransport = rig.use(
        rig.reactor.listenUDP(0, (_data, from) => heard.open(from), { interface: '::' }),
      );
      port.joinGroup(group, { interface: host });
      port.setMulticastInterface(host);
      port.setMulticastTTL(0);
      port.write('x', { host: group, port: portOf(port) });
      expect(hosts(await within(heard.promise, 'the datagram'))).toEqual([spelled]);
      port.leaveGroup(group, { interface: host });
    },
  );
});

it.skipIf(LINK === undefined).each(given)('a connector of a MemoryReactor, given %s', (host) => {
  const connector = new MemoryReactor().connectTCP(host, 7, Protocol);
  expect(connector.getDestination()).toEqual({ host: spelled, port: 7 });
});
