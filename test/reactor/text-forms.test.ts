/** `String` and `console.log` of what a reactor makes: one line that says what and where it is, before and after its end. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Deferred, Factory, HostnameAddress, Protocol, succeed } from '../../src/index.js';
import { MemoryReactor } from '../../src/testing/index.js';
import { REACTORS } from '../support/reactors.js';

class Echo extends Protocol {}
class EchoFactory extends Factory {}

/** Both ways to show it. */
const shown = (value: object): string => {
  expect(inspect(value)).toBe(String(value));
  expect(inspect({ value })).toBe(
    `{ value: ${value} }`.length > 72 ? inspect({ value }) : `{ value: ${value} }`,
  );
  return String(value);
};

describe('text forms of a reactor’s objects', () => {
  it.each(REACTORS)('$name: the reactor, ports and delayed calls', async (maker) => {
    const reactor = maker.make();
    expect(shown(reactor)).toBe(`<${reactor.kind} reactor (${reactor.poller}), not running>`);
    const port = reactor.listenTCP(0, Echo, { interface: '127.0.0.1' });
    expect(shown(port)).toBe(`<TCP port 127.0.0.1:${port.getHost().port}, listening>`);
    const udp = reactor.listenUDP(0, () => {}, { interface: '127.0.0.1' });
    expect(shown(udp)).toBe(`<UDP port 127.0.0.1:${udp.getHost().port}, listening>`);
    await port.stopListening();
    await udp.stopListening();
    expect(shown(port)).toBe(`<TCP port ${port.getHost()}, not listening>`);
    expect(shown(udp)).toBe(`<UDP port ${udp.getHost()}, not listening>`);
    await reactor[Symbol.asyncDispose]();
    expect(shown(reactor)).toContain('not running>');
  });

  it('connectors and transports', () => {
    const reactor = new MemoryReactor();
    const protocol = new Echo();
    const connector = reactor.connectTCP('example.org', 80, () => protocol);
    expect(shown(connector)).toBe('<TCP connector to example.org:80, connecting>');
    const transport = reactor.tcpClients[0]?.accept();
    expect(shown(connector)).toBe('<TCP connector to example.org:80, connected>');
    expect(shown(protocol.transport)).toBe('<TCP transport to 192.0.2.10:80, open>');
    protocol.transport.loseConnection();
    expect(shown(protocol.transport)).toBe('<TCP transport to 192.0.2.10:80, closing>');
    transport?.peerCloses();
    reactor.advance(0);
    expect(shown(protocol.transport)).toBe('<TCP transport to 192.0.2.10:80, closed>');
    expect(shown(connector)).toBe('<TCP connector to example.org:80, disconnected>');
    const unix = reactor.connectUNIX('/run/x', Echo);
    expect(shown(unix)).toBe('<UNIX connector to /run/x, connecting>');
    const unixPort = reactor.listenUNIX('/run/y', Echo);
    expect(shown(unixPort)).toBe('<UNIX port /run/y, listening>');
  });

  it('delayed calls', () => {
    const reactor = new MemoryReactor();
    const tick = (): void => {};
    const call = reactor.callLater(250, tick);
    expect(shown(call)).toBe('<delayed call of tick, due at 250.0 ms, pending>');
    reactor.advance(250);
    expect(shown(call)).toBe('<delayed call, due at 250.0 ms, called>');
    const other = reactor.callLater(1, () => {});
    other.cancel();
    expect(shown(other)).toBe('<delayed call, due at 251.0 ms, cancelled>');
  });

  it('factories and Deferreds', () => {
    const factory = new EchoFactory();
    expect(String(factory)).toBe('<EchoFactory, unused>');
    factory.doStart();
    expect(String(factory)).toBe('<EchoFactory, users: 1>');
    expect(String(Factory.forProtocol(Echo))).toBe('<factory of Echo, unused>');
    expect(shown(new Deferred())).toBe('Deferred { <not fired> }');
    expect(shown(succeed(5))).toBe('Deferred { 5 }');
  });
});

describe('HostnameAddress', () => {
  it('is the destination of a connector that was given a name', () => {
    const reactor = new MemoryReactor();
    const destination = reactor.connectTCP('example.org', 80, Echo).getDestination();
    expect(destination).toBeInstanceOf(HostnameAddress);
    expect(destination).toMatchObject({ host: 'example.org', port: 80 });
    expect(String(destination)).toBe('example.org:80');
    expect(inspect(destination)).toBe('HostnameAddress(example.org:80)');
    expect(JSON.stringify(destination)).toBe('{"host":"example.org","port":80}');
    expect(reactor.connectTCP('192.0.2.1', 80, Echo).getDestination()).not.toBeInstanceOf(
      HostnameAddress,
    );
  });

  it('is compared by value', () => {
    const address = new HostnameAddress('a', 1);
    expect(address.equals(new HostnameAddress('a', 1))).toBe(true);
    expect(address.equals(new HostnameAddress('a', 2))).toBe(false);
    expect(address.equals(new HostnameAddress('b', 1))).toBe(false);
    expect(address.equals({ host: 'a', port: 1 })).toBe(false);
  });
});
