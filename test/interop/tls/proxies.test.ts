/** nginx and haproxy, which end TLS in front of a server, and begin it towards one. */
import { afterAll, describe, expect, it } from 'vitest';
import { ConnectionDone } from '../../../src/index.js';
import { portOf, type Rig } from '../../support/contract.js';
import { PeerProgram } from '../../support/peers.js';
import { closedPort, RawPeer } from '../../support/raw-peer.js';
import { type Recorder, recorders } from '../../support/recorder.js';
import { authority, clientContext, HOSTNAME } from '../../tls/secured.js';
import { HOST, havePrograms, PeerFiles } from '../peer-files.js';
import { close, connect, exchange, facts, IDENTITY, overEngines, ROOT, serveEcho } from './rig.js';

const files = new PeerFiles();
afterAll(() => files.remove());

const alice = files.identity('alice', await authority.issue('alice', { use: 'client' }));

interface Ports {
  /** Where the proxy listens. */
  readonly front: number;
  /** Where the server listens. */
  readonly back: number;
}

/** How a proxy is configured and started. */
interface Proxy {
  readonly program: string;
  /** Other files that it needs. */
  readonly files?: readonly string[];
  /** TLS in front, plain TCP behind. */
  terminating(ports: Ports): string;
  /** Plain TCP in front, TLS behind, with a client certificate. */
  originating(ports: Ports): string;
  /** How it is started in the foreground. */
  args(config: string): readonly string[];
}

const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';

function nginxConfig(server: string): string {
  return `
    load_module ${STREAM_MODULE};
    daemon off;
    master_process off;
    pid ${files.path('nginx.pid')};
    error_log stderr;
    events {}
    stream { server { ${server} } }`;
}

const PROXIES: Readonly<Record<string, Proxy>> = {
  nginx: {
    program: 'nginx',
    files: [STREAM_MODULE],
    terminating: ({ front, back }) =>
      nginxConfig(`
        listen ${HOST}:${front} ssl;
        ssl_certificate ${IDENTITY};
        ssl_certificate_key ${IDENTITY};
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_alpn h2;
        proxy_pass ${HOST}:${back};`),
    originating: ({ front, back }) =>
      nginxConfig(`
        listen ${HOST}:${front};
        proxy_pass ${HOST}:${back};
        proxy_ssl on;
        proxy_ssl_verify on;
        proxy_ssl_name ${HOSTNAME};
        proxy_ssl_server_name on;
        proxy_ssl_trusted_certificate ${ROOT};
        proxy_ssl_protocols TLSv1.2 TLSv1.3;
        proxy_ssl_certificate ${alice};
        proxy_ssl_certificate_key ${alice};`),
    args: (config) => ['-p', files.folder, '-c', config],
  },
  haproxy: {
    program: 'haproxy',
    terminating: ({ front, back }) => `
defaults
  mode tcp
  timeout connect 5s
  timeout client 20s
  timeout server 20s
listen front
  bind ${HOST}:${front} ssl crt ${IDENTITY} alpn h2
  server back ${HOST}:${back}
`,
    originating: ({ front, back }) => `
defaults
  mode tcp
  timeout connect 5s
  timeout client 20s
  timeout server 20s
listen front
  bind ${HOST}:${front}
  server back ${HOST}:${back} ssl verify required ca-file ${ROOT} sni str(${HOSTNAME}) verifyhost ${HOSTNAME} crt ${alice}
`,
    args: (config) => ['-db', '-f', config],
  },
};

async function start(proxy: Proxy, ports: Ports, config: string): Promise<PeerProgram> {
  const peer = new PeerProgram(proxy.program, proxy.args(files.write('proxy.conf', config)));
  // Neither says when it listens.
  for (;;) {
    try {
      const probe = await RawPeer.connect(ports.front);
      await probe[Symbol.asyncDispose]();
      return peer;
    } catch (error) {
      if (!peer.running) throw new Error(peer.stdout + peer.stderr, { cause: error });
    }
  }
}

function plainEcho(rig: Rig): { port: number; factory: ReturnType<typeof recorders> } {
  const factory = recorders({ dataReceived: (data, self) => self.transport.write(data) });
  return { port: portOf(rig.reactor.listenTCP(0, factory, { interface: HOST })), factory };
}

describe.each(Object.entries(PROXIES))('with %s', (_name, proxy) => {
  const available = havePrograms(proxy.program, ...(proxy.files ?? []));

  describe.skipIf(!available)('around a server', () => {
    overEngines('TLS', (rig, engine) => {
      it('is ended by it, in front of a plain server, for a client', async () => {
        const ports = { front: await closedPort(), back: plainEcho(rig).port };
        await using _proxy = await start(proxy, ports, proxy.terminating(ports));
        const context = clientContext({ engine, alpnProtocols: ['h2'] });
        const resumed: unknown[] = [];
        for (let i = 0; i < 3; i++) {
          const client = connect(rig, ports.front, context);
          await exchange(client, 'hemp');
          expect(facts(client)).toMatchObject({ version: 'TLSv1.3', negotiatedProtocol: 'h2' });
          resumed.push(facts(client).resumed);
          expect(await close(client)).toBeInstanceOf(ConnectionDone);
        }
        expect(resumed).toEqual([false, true, true]);
      });

      it('is begun by it, towards a server that requires its certificate', async () => {
        const back = serveEcho(rig, {
          engine,
          trustRoots: authority.certificate,
          clientCertificates: 'required',
        });
        const ports = { front: await closedPort(), back: back.port };
        await using _proxy = await start(proxy, ports, proxy.originating(ports));
        await using client = await RawPeer.connect(ports.front);
        client.write('hemp');
        await client.receive(4);
        const [server] = back.factory.built.filter((one) => one.receivedBytes > 0) as [Recorder];
        expect(facts(server)).toMatchObject({ version: 'TLSv1.3', serverName: HOSTNAME });
        expect(server.transport.tls?.getPeerCertificate()?.subject).toBe('CN=alice');
      });
    });
  });
});
