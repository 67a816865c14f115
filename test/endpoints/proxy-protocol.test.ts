import { describe, expect, it } from 'vitest';
import { clientFromString, serverFromString } from '../../src/endpoints/from-string.js';
import {
  ProxyProtocolClientEndpoint,
  ProxyProtocolServerEndpoint,
} from '../../src/endpoints/proxy-protocol.js';
import { HostnameEndpoint } from '../../src/endpoints/tcp.js';
import type { ListeningPort } from '../../src/index.js';
import { proxyHeaderOf } from '../../src/protocols/proxy-protocol/protocol.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryReactor } from '../../src/testing/memory-reactor.js';
import { contract } from '../support/contract.js';
import { RawPeer } from '../support/raw-peer.js';
import { Recorder, recorders } from '../support/recorder.js';

const LINE = 'PROXY TCP4 203.0.113.9 198.51.100.1 4711 25\r\n';

contract('haproxy endpoints', (rig) => {
  it('read the header of connections from this machine', async () => {
    const text = 'haproxy:tcp\\:0\\:interface\\=127.0.0.1';
    const servers = recorders();
    const listening = await serverFromString(rig.reactor, text).listen(servers);
    const peer = rig.use(await RawPeer.connect((listening as ListeningPort).getHost().port));
    peer.write(`${LINE}hello`);
    const server = await servers.protocol();
    expect(String(await server.receive(5))).toBe('hello');
    expect(String(server.transport.getPeer())).toBe('203.0.113.9:4711');
    peer.end();
    await peer.untilEnded();
  });

  it.each([1, 2])(
    'send a header of version %i, and connect with the protocol itself',
    async (version) => {
      const servers = recorders();
      const text = 'haproxy:tcp\\:0\\:interface\\=127.0.0.1:trusted=127.0.0.1,\\:\\:1:timeout=3';
      const listening = await serverFromString(rig.reactor, text).listen(servers);
      const { port } = (listening as ListeningPort).getHost();
      const own = `haproxy:tcp\\:127.0.0.1\\:${port}:version=${version}`;
      const client = await clientFromString(rig.reactor, own).connect(() => new Recorder());
      expect(client).toBeInstanceOf(Recorder);
      const server = await servers.protocol();
      await server.made();
      expect(proxyHeaderOf(server.transport)).toMatchObject({ version });
      expect(server.transport.getPeer()).toEqual(client.transport.getHost());
      client.transport.loseConnection();
      await server.lost();
    },
  );

  it('refuse peers that are not trusted', async () => {
    const text = 'haproxy:tcp\\:0\\:interface\\=127.0.0.1:trusted=10.0.0.0/8:timeout=600';
    const listening = await serverFromString(rig.reactor, text).listen(recorders());
    const peer = rig.use(await RawPeer.connect((listening as ListeningPort).getHost().port));
    await peer.untilEnded();
  });
});

describe('haproxy endpoints in memory', () => {
  it.each([
    'haproxy:',
    'haproxy:tcp\\:80:trusted=somewhere',
    'haproxy:tcp\\:80:trusted=',
    'haproxy:tcp\\:80:timeout=0',
    'haproxy:nothing\\:80',
    'haproxy:tcp:80',
  ])('refuse %j as a server', (text) => {
    expect(() => serverFromString(new MemoryReactor(), text)).toThrow(/endpoint/);
  });

  it.each(['haproxy:tcp\\:h\\:80:version=3', 'haproxy:tcp\\:h\\:80:trusted=::1'])(
    'refuse %j as a client',
    (text) => {
      expect(() => clientFromString(new MemoryReactor(), text)).toThrow(/endpoint/);
    },
  );

  it('refuse anything but an endpoint', () => {
    const clock = new ManualClock();
    const options = { clock, trustedPeers: 'everybody' as const };
    expect(() => new ProxyProtocolServerEndpoint({} as never, options)).toThrow(/endpoint must be/);
    expect(() => new ProxyProtocolClientEndpoint({} as never)).toThrow(/endpoint must be/);
  });

  it('say what they are', () => {
    const inner = new HostnameEndpoint(new MemoryReactor(), 'example.com', 25);
    expect(String(new ProxyProtocolClientEndpoint(inner))).toBe(
      '<PROXY protocol over <TCP client endpoint example.com:25>>',
    );
  });
});
