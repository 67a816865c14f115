import { describe, expect, it } from 'vitest';
import {
  clientFromString,
  type EndpointReactor,
  type EndpointType,
  HostnameEndpoint,
  InvalidArgumentTypeError,
  InvalidEndpointError,
  Protocol,
  type StreamClientEndpoint,
  type StreamServerEndpoint,
  serverFromString,
  TCPServerEndpoint,
  UnknownEndpointTypeError,
} from '../../src/index.js';
import { MemoryReactor, successResultOf } from '../../src/testing/index.js';

/** The request that a client string makes of its reactor. */
function connected(text: string): object {
  const reactor = new MemoryReactor();
  const connecting = clientFromString(reactor, text).connect(Protocol);
  connecting.addErrback(() => {});
  const [tcp] = reactor.tcpClients;
  const [unix] = reactor.unixClients;
  connecting.cancel();
  if (tcp !== undefined) return { host: tcp.host, port: tcp.port, options: tcp.options };
  return { path: unix?.path, options: unix?.options };
}

function listened(text: string): object {
  const reactor = new MemoryReactor();
  successResultOf(serverFromString(reactor, text).listen(Protocol));
  const [tcp] = reactor.tcpServers;
  const [unix] = reactor.unixServers;
  if (tcp !== undefined) return { port: tcp.port, options: tcp.options };
  return { path: unix?.path, options: unix?.options };
}

function thrownBy(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not throw');
}

describe('clientFromString', () => {
  it.each<[text: string, request: object]>([
    ['tcp:example.com:80', { host: 'example.com', port: 80, options: {} }],
    ['TCP:example.com:80', { host: 'example.com', port: 80, options: {} }],
    ['tcp:host=example.com:port=80', { host: 'example.com', port: 80, options: {} }],
    ['tcp:example.com:port=80', { host: 'example.com', port: 80, options: {} }],
    ['tcp:80:host=example.com', { host: 'example.com', port: 80, options: {} }],
    [
      'tcp:example.com:80:timeout=5:bindAddress=192.0.2.7',
      { host: 'example.com', port: 80, options: { timeoutMs: 5000, localAddress: '192.0.2.7' } },
    ],
    ['tcp:\\:\\:1:80:timeout=1.5', { host: '::1', port: 80, options: { timeoutMs: 1500 } }],
    ['tcp4:example.com:80', { host: 'example.com', port: 80, options: { family: 'IPv4' } }],
    ['tcp6:example.com:80', { host: 'example.com', port: 80, options: { family: 'IPv6' } }],
    ['unix:/run/x', { path: '/run/x', options: { checkPID: false } }],
    [
      'unix:path=/run/x:lockfile=1:timeout=9',
      { path: '/run/x', options: { checkPID: true, timeoutMs: 9000 } },
    ],
  ])('understands %j', (text, request) => {
    expect(connected(text)).toEqual(request);
  });

  it.each([
    ['tcp', "'host' is missing"],
    ['tcp:example.com', "'port' is missing"],
    ['tcp:example.com:http', '\'port\' must be a whole number from 0 to 65535, not "http"'],
    ['tcp:example.com:65536', "'port' must be a whole number from 0 to 65535"],
    ['tcp:example.com:80:90', '"90" is one argument too many'],
    ['tcp:a:80:host=b:timeout=1', '"80" is one argument too many'],
    ['tcp:a:80:port=81', "'port' is given twice"],
    ['tcp:a:80:timeout=1:timeout=2', "'timeout' is given twice"],
    ['tcp:a:80:timeuot=5', "did you mean 'timeout'?"],
    ['tcp:a:80:timeout=-1', "'timeout' must be a number of seconds"],
    ['tcp:a:80:bindAddress=b', 'bindAddress must be an IP address'],
    ['tcp4:\\:\\:1:80', 'host must be a name or an IPv4 address'],
    ['tcp6:127.0.0.1:80', 'host must be a name or an IPv6 address'],
    ['tcp://example.com:80', 'use only the host name of a URL'],
    ['unix:', 'path must be'],
    ['unix:/x:lockfile=yes', "'lockfile' must be 1 or 0"],
    ['key=value', 'it has no type'],
    ['tcp:80\\', 'the backslash at the end quotes nothing'],
  ])('refuses %j', (text, reason) => {
    const error = thrownBy(() => clientFromString(new MemoryReactor(), text));
    expect(error).toBeInstanceOf(InvalidEndpointError);
    expect(error.message).toContain(reason);
    expect(error).toMatchObject({ text });
  });

  it.each([
    `tcp:${'9'.repeat(100_000)}`,
    `tcp:80:${'x'.repeat(100_000)}=1`,
    `tcp:80:interface=::1%${'x'.repeat(100_000)}`,
    `${'x'.repeat(100_000)}:80`,
  ])('shows a part of a long text', (text) => {
    const error = thrownBy(() => serverFromString(new MemoryReactor(), text));
    expect(error).toBeInstanceOf(InvalidEndpointError);
    expect(error).toMatchObject({ text });
    expect(error.message.length).toBeLessThan(1_000);
  });

  it('says that a type exists only for the other side', () => {
    const error = thrownBy(() => clientFromString(new MemoryReactor(), 'systemd:name=x'));
    expect(error).toMatchObject({ code: 'ERR_UNKNOWN_ENDPOINT_TYPE', suggestion: undefined });
    expect(error.message).toContain('It is only a server endpoint type. The types: ');
  });

  it('lists the known types for an unknown one', () => {
    const error = thrownBy(() => clientFromString(new MemoryReactor(), 'tpc:example.com:80'));
    expect(error).toBeInstanceOf(UnknownEndpointTypeError);
    const known = ['haproxy', 'process', 'ssl', 'tcp', 'tcp4', 'tcp6', 'tls', 'unix'];
    expect(error).toMatchObject({ type: 'tpc', suggestion: 'tcp', known });
    expect(error.message).toContain("Did you mean 'tcp'?");
  });

  it('refuses types that have only the other side', () => {
    const error = thrownBy(() => clientFromString(new MemoryReactor(), 'systemd:index=0'));
    expect(error).toBeInstanceOf(UnknownEndpointTypeError);
  });
});

describe('serverFromString', () => {
  it.each<[text: string, request: object]>([
    ['tcp:80', { port: 80, options: {} }],
    ['tcp:port=80', { port: 80, options: {} }],
    ['tcp:80:interface=127.0.0.1', { port: 80, options: { interface: '127.0.0.1' } }],
    ['tcp:80:127.0.0.1:7', { port: 80, options: { interface: '127.0.0.1', backlog: 7 } }],
    ['tcp4:80', { port: 80, options: { interface: '0.0.0.0' } }],
    ['tcp6:80', { port: 80, options: { interface: '::', ipv6Only: true } }],
    [
      'tcp6:80:50:interface=\\:\\:1',
      { port: 80, options: { interface: '::1', ipv6Only: true, backlog: 50 } },
    ],
    ['unix:/run/x', { path: '/run/x', options: { wantPID: true } }],
    [
      'unix:/run/x:mode=660:backlog=9:lockfile=0',
      { path: '/run/x', options: { wantPID: false, mode: 0o660, backlog: 9 } },
    ],
    ['unix:\0name', { path: '\0name', options: { wantPID: false } }],
  ])('understands %j', (text, request) => {
    expect(listened(text)).toEqual(request);
  });

  it.each([
    ['tcp', "'port' is missing"],
    ['tcp:-1', "'port' must be"],
    ['tcp:80:interface=localhost', 'interface must be an IP address'],
    ['tcp:80:backlog=0', "'backlog' must be"],
    ['unix:/x:mode=rw', "'mode' must be an octal number, such as 660"],
    ['unix:/x:mode=7777', 'mode must be'],
    ['systemd:domain=INET', "'index' or 'name' must be given, and not both"],
    ['systemd:domain=INET:index=0:name=web', "'index' or 'name' must be given, and not both"],
    ['systemd:domain=IPX:index=0', "'domain' must be INET, INET6 or UNIX"],
    ['systemd:domain=constructor:index=0', "'domain' must be INET, INET6 or UNIX"],
  ])('refuses %j', (text, reason) => {
    const error = thrownBy(() => serverFromString(new MemoryReactor(), text));
    expect(error).toBeInstanceOf(InvalidEndpointError);
    expect(error.message).toContain(reason);
  });

  it.each([
    `tcp:${'9'.repeat(100_000)}`,
    `tcp:80:${'x'.repeat(100_000)}=1`,
    `tcp:80:interface=::1%${'x'.repeat(100_000)}`,
    `${'x'.repeat(100_000)}:80`,
  ])('shows a part of a long text', (text) => {
    const error = thrownBy(() => serverFromString(new MemoryReactor(), text));
    expect(error).toBeInstanceOf(InvalidEndpointError);
    expect(error).toMatchObject({ text });
    expect(error.message.length).toBeLessThan(1_000);
  });

  it('lists the known types for an unknown one', () => {
    const error = thrownBy(() => serverFromString(new MemoryReactor(), 'systend:index=0'));
    const known = ['haproxy', 'ssl', 'stdio', 'systemd', 'tcp', 'tcp4', 'tcp6', 'tls', 'unix'];
    expect(error).toMatchObject({ type: 'systend', suggestion: 'systemd', known });
  });
});

describe('a type of the caller', () => {
  const shifted: EndpointType = {
    prefix: 'Shifted',
    client: (args, { reactor }) =>
      new HostnameEndpoint(reactor, 'localhost', args.bind(['port']).integer('port', 0, 9) + 8000),
    server(args, { reactor }) {
      return new TCPServerEndpoint(reactor, args.bind(['port']).integer('port', 0, 9) + 8000);
    },
  };
  const types = [shifted];

  it('is used by its prefix, without regard to case', () => {
    const reactor = new MemoryReactor();
    clientFromString(reactor, 'shifted:1', { types }).connect(Protocol);
    successResultOf(serverFromString(reactor, 'SHIFTED:2', { types }).listen(Protocol));
    expect(reactor.tcpClients[0]).toMatchObject({ host: 'localhost', port: 8001 });
    expect(reactor.tcpServers[0]).toMatchObject({ port: 8002 });
  });

  it('is listed, and its faults are reported like those of others', () => {
    const reactor = new MemoryReactor();
    const unknown = thrownBy(() => clientFromString(reactor, 'shift:1', { types }));
    expect(unknown).toMatchObject({ suggestion: 'Shifted' });
    const invalid = thrownBy(() => serverFromString(reactor, 'shifted:10', { types }));
    expect(invalid).toBeInstanceOf(InvalidEndpointError);
  });

  it('can wrap another endpoint, whose string is an argument', () => {
    const wrapped: (StreamClientEndpoint | StreamServerEndpoint)[] = [];
    const keep = <E extends StreamClientEndpoint | StreamServerEndpoint>(endpoint: E): E => {
      wrapped.push(endpoint);
      return endpoint;
    };
    const kept: EndpointType = {
      prefix: 'kept',
      client: (args, { parse }) => keep(parse(args.bind(['inner']).text('inner'))),
      server: (args, { parse }) => keep(parse(args.bind(['inner']).text('inner'))),
    };
    const reactor = new MemoryReactor();
    clientFromString(reactor, 'kept:shifted\\:1', { types: [kept, shifted] });
    serverFromString(reactor, 'kept:tcp\\:80', { types: [kept] });
    expect(wrapped.map(String)).toEqual([
      '<TCP client endpoint localhost:8001>',
      '<TCP server endpoint *:80>',
    ]);
  });

  it('takes precedence over a built-in one', () => {
    const reactor = new MemoryReactor();
    const tcp: EndpointType = { ...shifted, prefix: 'tcp' };
    expect(String(serverFromString(reactor, 'tcp:3', { types: [tcp] }))).toContain('8003');
  });

  it('must be an endpoint type', () => {
    const reactor: EndpointReactor = new MemoryReactor();
    for (const wrong of [5, [5], [{}], [{ prefix: 'x', client: 5 }]]) {
      const options = { types: wrong as never };
      expect(() => clientFromString(reactor, 'tcp:a:1', options)).toThrow(InvalidArgumentTypeError);
    }
  });
});
