/** The client endpoint over each reactor, through the proxy of this package and through peers that answer badly. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  ConnectError,
  ConnectingCancelledError,
  ConnectTimeoutError,
  clientFromString,
  HostnameEndpoint,
  NoProtocolError,
} from '../../../src/index.js';
import {
  InvalidSocksMessageError,
  SOCKS_ENDPOINT,
  SocksAuthenticationError,
  SocksClientEndpoint,
  type SocksClientOptions,
  SocksConnectError,
} from '../../../src/protocols/socks/index.js';
import { contract, type Rig } from '../../support/contract.js';
import { within } from '../../support/deadline.js';
import { closedPort, RawServer } from '../../support/raw-peer.js';
import { HalfCloseRecorder, Recorder } from '../../support/recorder.js';
import { startProxy } from './clients.js';

function through(
  rig: Rig,
  proxyPort: number,
  host: string,
  port: number,
  options: Partial<SocksClientOptions> = {},
): SocksClientEndpoint {
  const proxy = new HostnameEndpoint(rig.reactor, '127.0.0.1', proxyPort);
  return new SocksClientEndpoint(proxy, host, port, { clock: rig.reactor, ...options });
}

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

contract('SOCKS client', (rig) => {
  it.each([4, 5] as const)(
    'connects by version %i, to a name that the proxy resolves',
    async (version) => {
      const proxy = startProxy(rig);
      const target = rig.use(await RawServer.listen());
      const endpoint = through(rig, proxy.port, '127.0.0.1', target.port, { version });
      const protocol = await within(
        endpoint.connect(() => new HalfCloseRecorder()),
        'a connection',
      );
      const far = await target.peer();
      protocol.transport.write('hello');
      expect((await far.receive(5)).toString()).toBe('hello');
      far.write('hi');
      far.end();
      expect((await protocol.receive(2)).toString()).toBe('hi');
      protocol.transport.loseConnection();
      await far.untilEnded();
      await protocol.lost();
    },
  );

  it('delivers bytes that came with the last answer, after connectionMade', async () => {
    const raw = rig.use(await RawServer.listen());
    const connected = through(rig, raw.port, 'example.com', 80).connect(() => new Recorder());
    const peer = await raw.peer();
    await peer.receive(3);
    peer.write(Buffer.from([5, 0]));
    await peer.receive(3 + 18);
    peer.write(Buffer.concat([Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]), Buffer.from('early')]));
    const protocol = await within(connected, 'a connection');
    expect((await protocol.receive(5)).toString()).toBe('early');
    protocol.transport.abortConnection();
    await protocol.lost();
  });

  it('logs in, and is told why it cannot', async () => {
    const proxy = startProxy(rig, { authenticate: (_name, password) => password === 'right' });
    const target = rig.use(await RawServer.listen());
    const attempt = (options: Partial<SocksClientOptions>): PromiseLike<Recorder> =>
      through(rig, proxy.port, '127.0.0.1', target.port, options).connect(() => new Recorder());
    const protocol = await attempt({ username: 'alice', password: 'right' });
    expect(proxy.served).toEqual(['5 connect 127.0.0.1 alice']);
    protocol.transport.abortConnection();
    await protocol.lost();
    const wrong = attempt({ username: 'alice', password: 'wr0ng' });
    await expect(wrong).rejects.toMatchObject({ code: 'ERR_SOCKS_AUTHENTICATION', by: 'password' });
    await expect(wrong).rejects.not.toThrow('wr0ng');
    await expect(attempt({})).rejects.toBeInstanceOf(SocksAuthenticationError);
    await expect(attempt({ version: 4 })).rejects.toBeInstanceOf(SocksConnectError);
  });

  it('fails with the answer of the proxy', async () => {
    const proxy = startProxy(rig);
    const port = await closedPort();
    const connected = through(rig, proxy.port, '127.0.0.1', port).connect(() => new Recorder());
    const expected = { code: 'ERR_SOCKS_CONNECT', reply: 'connection refused', port };
    await expect(connected).rejects.toMatchObject(expected);
    const proxyGone = through(rig, port, 'example.com', 80).connect(() => new Recorder());
    await expect(proxyGone).rejects.toMatchObject({ code: 'ERR_CONNECTION_REFUSED' });
  });

  it('fails if the peer is no proxy, closes or does not answer', async () => {
    const raw = rig.use(await RawServer.listen());
    const attempt = (options = {}): PromiseLike<Recorder> =>
      through(rig, raw.port, 'example.com', 80, options).connect(() => new Recorder());
    const first = attempt();
    (await raw.peer(0)).write('HTTP/1.1 400 Bad Request\r\n');
    await expect(first).rejects.toBeInstanceOf(InvalidSocksMessageError);
    const second = attempt();
    (await raw.peer(1)).end();
    await expect(second).rejects.toBeInstanceOf(ConnectError);
    await expect(attempt({ timeoutMs: 20 })).rejects.toBeInstanceOf(ConnectTimeoutError);
  });

  it('can be cancelled while the proxy works', async () => {
    const raw = rig.use(await RawServer.listen());
    const connected = through(rig, raw.port, 'example.com', 80).connect(() => new Recorder());
    const peer = await raw.peer();
    await peer.receive(3);
    connected.cancel();
    await expect(connected).rejects.toBeInstanceOf(ConnectingCancelledError);
    await peer.untilGone();
  });

  it('fails with the error of buildProtocol or connectionMade', async () => {
    const proxy = startProxy(rig);
    const target = rig.use(await RawServer.listen());
    const endpoint = through(rig, proxy.port, '127.0.0.1', target.port);
    await expect(endpoint.connect(() => null)).rejects.toBeInstanceOf(NoProtocolError);
    const building = endpoint.connect(() => {
      throw new RangeError('not built');
    });
    await expect(building).rejects.toThrow('not built');
    const made = endpoint.connect(() => ({
      connectionMade: () => {
        throw new RangeError('not made');
      },
    }));
    await expect(made).rejects.toThrow('not made');
    await rig.turns(2);
    expect(rig.takeReports().map(({ error }) => String(error))).toEqual(['RangeError: not made']);
  });

  it('is made of a string, with the password in a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'socks-'));
    folders.push(folder);
    const file = join(folder, 'password');
    writeFileSync(file, 'right\n');
    const proxy = startProxy(rig, {
      authenticate: (name, password) => name === 'al' && password === 'right',
    });
    const target = rig.use(await RawServer.listen());
    const text = `socks:tcp\\:127.0.0.1\\:${proxy.port}:127.0.0.1:${target.port}:username=al:passwordFile=${file}`;
    const endpoint = clientFromString(rig.reactor, text, { types: [SOCKS_ENDPOINT] });
    expect(String(endpoint)).toBe(
      `<127.0.0.1:${target.port} by SOCKS over <TCP client endpoint 127.0.0.1:${proxy.port}>>`,
    );
    const protocol = await endpoint.connect(() => new Recorder());
    protocol.transport.abortConnection();
    await protocol.lost();
    const missing = `socks:tcp\\:127.0.0.1\\:1:example.com:80:username=al:passwordFile=${file}x`;
    expect(() => clientFromString(rig.reactor, missing, { types: [SOCKS_ENDPOINT] })).toThrow(
      'ENOENT',
    );
  });
});

describe('SocksClientEndpoint', () => {
  it('refuses options that make no sense, without showing a password', () => {
    const proxy = { connect: () => undefined as never };
    const clock = { now: () => 0, callLater: () => undefined as never };
    const make = (options: object): (() => unknown) => {
      return () => new SocksClientEndpoint(proxy, 'a', 80, { clock, ...options } as never);
    };
    expect(make({ user: 'a' })).toThrow("'username'");
    expect(make({ password: 'secret' })).toThrow('username');
    expect(make({ username: 'a', password: 's'.repeat(300) })).not.toThrow('sss');
    expect(make({ username: 'a', password: 's'.repeat(300) })).toThrow('1 to 255 bytes');
    expect(make({ version: 3 })).toThrow('version');
    expect(make({ clock: undefined })).toThrow('clock');
    expect(() => new SocksClientEndpoint('tcp:a:1' as never, 'a', 80, { clock } as never)).toThrow(
      'clientFromString',
    );
  });
});
