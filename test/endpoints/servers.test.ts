/** `listen` of server endpoints, and clients of every kind that connect to them, on sockets of each reactor. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  AdoptedServerEndpoint,
  AlreadyListenedError,
  CannotListenError,
  clientFromString,
  DescriptorError,
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  type ListeningPort,
  NoInheritedSocketError,
  Protocol,
  quoteStringArgument,
  type ReactorAdoption,
  SystemdServerEndpoint,
  serverFromString,
  TCPServerEndpoint,
  UNIXServerEndpoint,
} from '../../src/index.js';
import { failureResultOf, MemoryReactor, successResultOf } from '../../src/testing/index.js';
import { contract, type Rig } from '../support/contract.js';
import { within } from '../support/deadline.js';
import { Duplicator, isOpen } from '../support/descriptors.js';
import { echo } from '../support/pairs.js';
import { needs } from '../support/platform.js';
import { Recorder, RecordingFactory, recorders } from '../support/recorder.js';
import { hasIPv6, portIn } from '../support/sockets.js';
import { connectsTo, socketPath } from '../support/unix.js';

/** Connects a client to the port of a server string, both ways, and returns the address that it listens on. */
async function talks(
  rig: Rig,
  server: string,
  clientOf: (port: number) => string,
): Promise<string> {
  const port = await serverFromString(rig.reactor, server).listen(new RecordingFactory(echo));
  const host = port.getHost();
  const text = clientOf('port' in host ? host.port : 0);
  const connecting = clientFromString(rig.reactor, text).connect(() => new Recorder());
  const client = await within(connecting, `a connection to ${text}`);
  client.transport.write('hello');
  expect(String(await client.receive(5))).toBe('hello');
  if ('path' in host) return String(host.path);
  return 'host' in host ? host.host : String(host);
}

contract('endpoint strings', (rig) => {
  it.each([
    ['tcp:0:interface=127.0.0.1', 'tcp:127.0.0.1', '127.0.0.1'],
    ['tcp4:0:interface=127.0.0.1', 'tcp:localhost', '127.0.0.1'],
    ['tcp4:0', 'tcp4:localhost', '0.0.0.0'],
  ])('connect %s and %s', async (server, client, host) => {
    expect(await talks(rig, server, (port) => `${client}:${port}`)).toBe(host);
  });

  it('connect tcp6 and tcp6', async ({ skip }) => {
    if (!(await hasIPv6())) skip('this machine has no IPv6');
    const client = quoteStringArgument('::1');
    expect(await talks(rig, 'tcp6:0', (port) => `tcp6:${client}:${port}`)).toBe('::');
  });

  it('let tcp4 and tcp6 share a port number', async ({ skip }) => {
    if (!(await hasIPv6())) skip('this machine has no IPv6');
    const ipv6 = await serverFromString(rig.reactor, 'tcp6:0').listen(Protocol);
    const number = portIn(ipv6.getHost());
    const ipv4 = await serverFromString(rig.reactor, `tcp4:${number}`).listen(Protocol);
    expect(portIn(ipv4.getHost())).toBe(number);
  });

  it('connect unix and unix, with a lock and permissions', async () => {
    needs('socketFiles');
    const path = socketPath(rig);
    const quoted = quoteStringArgument(path);
    const client = `unix:${quoted}:lockfile=1`;
    expect(await talks(rig, `unix:${quoted}:mode=600`, () => client)).toBe(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('connect abstract unix names', async () => {
    needs('abstractNames');
    if (!rig.native) return; // some Nodes have none
    const name = `\0ropewalk-endpoints-${process.pid}`;
    expect(await talks(rig, `unix:${name}`, () => `unix:${name}`)).toBe(name);
  });
});

contract('a server endpoint', (rig) => {
  it('fails through the Deferred if the port is in use', async () => {
    const interfaceOnly = { interface: '127.0.0.1' };
    const port = await new TCPServerEndpoint(rig.reactor, 0, interfaceOnly).listen(Protocol);
    const number = portIn(port.getHost());
    const again = new TCPServerEndpoint(rig.reactor, number, interfaceOnly).listen(recorders());
    expect(failureResultOf(again, CannotListenError)).toMatchObject({ port: number });
  });

  it('fails through the Deferred if the path is taken', async () => {
    needs('socketFiles');
    const path = socketPath(rig);
    writeFileSync(path, '');
    failureResultOf(new UNIXServerEndpoint(rig.reactor, path).listen(Protocol), CannotListenError);
  });

  it('fails through the Deferred if the folder does not exist', async () => {
    needs('socketFiles');
    const path = socketPath(rig);
    mkdirSync(`${path}.d`);
    const endpoint = serverFromString(rig.reactor, `unix:${quoteStringArgument(path)}.e/socket`);
    failureResultOf(endpoint.listen(Protocol), CannotListenError);
  });

  it('can listen again after its port has stopped', async () => {
    const endpoint = new TCPServerEndpoint(rig.reactor, 0, { interface: '127.0.0.1' });
    await (await endpoint.listen(Protocol)).stopListening();
    expect((await endpoint.listen(Protocol)).listening).toBe(true);
  });
});

contract('an adopted endpoint', (rig) => {
  it('listens once, on the socket of its descriptor', async () => {
    needs('descriptors');
    const path = socketPath(rig);
    const other = rig.reactor.listenUNIX(path, Protocol);
    const fd = await (await Duplicator.open(rig)).duplicate(other.fileno());
    await other.stopListening({ ...(rig.native ? { keepFile: true } : {}) });
    const endpoint = new AdoptedServerEndpoint(rig.reactor, fd);
    const port = await endpoint.listen(Protocol);
    expect(port.fileno()).toBe(fd);
    if (rig.native) expect(await connectsTo(path)).toBe('connected');
    const again = failureResultOf(endpoint.listen(Protocol), AlreadyListenedError);
    expect(again.fd).toBe(fd);
    await port.stopListening();
    expect(isOpen(fd)).toBe(false);
    failureResultOf(endpoint.listen(Protocol), AlreadyListenedError);
  });

  it('can try again if the descriptor was refused', () => {
    needs('descriptors');
    const endpoint = new AdoptedServerEndpoint(rig.reactor, 100_000);
    for (let i = 0; i < 2; i++) failureResultOf(endpoint.listen(Protocol), DescriptorError);
  });

  it('checks its arguments', () => {
    const { reactor } = rig;
    expect(() => new AdoptedServerEndpoint(reactor, -1)).toThrow(InvalidArgumentValueError);
    expect(() => new AdoptedServerEndpoint(reactor, '3' as never)).toThrow(
      InvalidArgumentTypeError,
    );
    const options = { ownsFile: 1 as never };
    expect(() => new AdoptedServerEndpoint(reactor, 3, options)).toThrow(InvalidArgumentTypeError);
  });
});

/** Records what it adopts, and listens in memory. */
class AdoptingReactor extends MemoryReactor {
  readonly adopted: number[] = [];

  override adoptStreamPort(
    fd: number,
    ...[factory]: Parameters<ReactorAdoption['adoptStreamPort']> extends [number, ...infer Rest]
      ? Rest
      : never
  ): ListeningPort {
    this.adopted.push(fd);
    return this.listenTCP(0, factory);
  }
}

describe('a systemd endpoint', () => {
  const environment = (): NodeJS.ProcessEnv => ({
    LISTEN_PID: String(process.pid),
    LISTEN_FDS: '3',
    LISTEN_FDNAMES: 'web:chat',
  });

  it.each([
    [{ index: 0 }, 3],
    [{ index: 2 }, 5],
    [{ name: 'chat' }, 4],
    [{ name: 'unknown' }, 5],
    [{ name: 'web', family: 'IPv4' } as const, 3],
  ])('finds the socket %j', (options, fd) => {
    const reactor = new AdoptingReactor();
    const endpoint = new SystemdServerEndpoint(reactor, { ...options, environment: environment() });
    expect(endpoint.fd).toBe(fd);
    successResultOf(endpoint.listen(Protocol));
    expect(reactor.adopted).toEqual([fd]);
  });

  it('removes the variables, and later endpoints find the sockets anyway', () => {
    const reactor = new AdoptingReactor();
    const env = environment();
    expect(new SystemdServerEndpoint(reactor, { index: 0, environment: env }).fd).toBe(3);
    expect(env).toEqual({});
    expect(new SystemdServerEndpoint(reactor, { index: 1, environment: env }).fd).toBe(4);
  });

  it('listens once on each socket, whatever number of endpoints it has', () => {
    const reactor = new AdoptingReactor();
    const env = environment();
    const [one, two] = [{ index: 0 }, { name: 'web' }].map(
      (which) => new SystemdServerEndpoint(reactor, { ...which, environment: env }),
    );
    successResultOf((one as SystemdServerEndpoint).listen(Protocol));
    failureResultOf((two as SystemdServerEndpoint).listen(Protocol), AlreadyListenedError);
    expect(reactor.adopted).toEqual([3]);
  });

  it('refuses a socket of another family than expected, and closes it', () => {
    const reactor = new AdoptingReactor();
    const options = { index: 0, family: 'UNIX', environment: environment() } as const;
    const listening = new SystemdServerEndpoint(reactor, options).listen(Protocol);
    reactor.advance(0);
    expect(failureResultOf(listening, DescriptorError).message).toBe(
      'descriptor 3 is not a socket of the family UNIX: its family is IPv4',
    );
    expect(reactor.tcpServers[0]?.listeningPort.listening).toBe(false);
  });

  it.each([
    [
      { index: 3 },
      'there is no inherited socket with the index 3; the sockets: web, chat, unknown',
    ],
    [
      { name: 'http' },
      "there is no inherited socket named 'http'; the sockets: web, chat, unknown",
    ],
  ])('reports that there is no %j', (options, message) => {
    const make = (): unknown =>
      new SystemdServerEndpoint(new MemoryReactor(), { ...options, environment: environment() });
    expect(make).toThrow(NoInheritedSocketError);
    expect(make).toThrow(message);
  });

  it.each([{}, { LISTEN_PID: '1', LISTEN_FDS: '1' }])(
    'reports that none were inherited: %j',
    (env) => {
      const options = { index: 0, environment: env as NodeJS.ProcessEnv };
      expect(() => new SystemdServerEndpoint(new MemoryReactor(), options)).toThrow(
        'this process inherited no sockets',
      );
    },
  );

  it.each([{}, { index: 0, name: 'web' }, { index: -1 }, { index: 0, family: 'INET' }])(
    'refuses the options %j',
    (options) => {
      const make = (): unknown =>
        new SystemdServerEndpoint(new MemoryReactor(), {
          ...(options as { index: number }),
          environment: environment(),
        });
      expect(make).toThrow(InvalidArgumentValueError);
    },
  );
});
