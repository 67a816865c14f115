/** HAProxy and nginx in front of Ropewalk, nginx behind it, and curl as a client that sends the header. */
import { once } from 'node:events';
import { connect as connectTLS } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type FactoryLike,
  IPv4Address,
  type ProxyHeader,
  type ProxyHeaderOptions,
  ProxyProtocolClientFactory,
  ProxyProtocolFactory,
  proxyHeaderOf,
  type Transport,
} from '../../src/index.js';
import { TLSServerContext, TLSServerFactory } from '../../src/tls/index.js';
import { Authority } from '../support/certificates.js';
import { contract, portOf, type Rig } from '../support/contract.js';
import { Pulse, within } from '../support/deadline.js';
import { listenLocal } from '../support/pairs.js';
import { PeerProgram } from '../support/peers.js';
import { closedPort, RawPeer } from '../support/raw-peer.js';
import { Recorder } from '../support/recorder.js';
import { nginxHTTP, STREAM_MODULE, startHAProxy, startNginx } from './fronts.js';
import { havePrograms, PeerFiles } from './peer-files.js';

const HAPROXY = havePrograms('haproxy');
const NGINX = havePrograms('nginx');
const NGINX_STREAM = NGINX && havePrograms(STREAM_MODULE);
const CURL = havePrograms('curl');

const authority = await Authority.make();
let files: PeerFiles;

beforeEach(() => {
  files = new PeerFiles();
});

afterEach(() => {
  files.remove();
});

/** Answers with its view of the connection, and keeps the headers. */
class Mirror {
  readonly headers: ProxyHeader[] = [];
  readonly pulse: Pulse = new Pulse();

  readonly factory: FactoryLike = () => ({
    connectionMade: (transport: Transport) => {
      const header = proxyHeaderOf(transport);
      if (header !== undefined) this.headers.push(header);
      this.pulse.notify();
    },
    dataReceived: (_data: Buffer, transport: Transport) => {
      transport.write(`${transport.getPeer()} to ${transport.getHost()}`);
      transport.loseConnection();
    },
  });

  /** Listens behind a proxy on this machine. @returns The port. */
  serve(rig: Rig, factory = this.factory): number {
    const options = { clock: rig.reactor, trustedPeers: ['127.0.0.1'] };
    return portOf(listenLocal(rig.reactor, new ProxyProtocolFactory(factory, options)));
  }
}

async function ask(rig: Rig, port: number): Promise<{ answer: string; localPort: number }> {
  const peer = rig.use(await RawPeer.connect(port));
  peer.write('?');
  await peer.untilEnded();
  return { answer: peer.received.toString(), localPort: peer.localPort };
}

/** A TLS server for app.example behind a proxy. @returns Its port. */
async function serveTLS(rig: Rig): Promise<number> {
  const identity = await authority.issue('app.example', { names: ['app.example'] });
  const context = new TLSServerContext({ identity });
  rig.use({ [Symbol.asyncDispose]: async () => context.close() });
  const mirror = new Mirror();
  return mirror.serve(rig, new TLSServerFactory(context, mirror.factory));
}

async function askOverTLS(port: number): Promise<{ answer: string; localPort: number }> {
  const socket = connectTLS({
    host: '127.0.0.1',
    port,
    ca: authority.certificate,
    servername: 'app.example',
  });
  let answer = '';
  let localPort = 0;
  socket.on('secureConnect', () => {
    localPort = socket.localPort ?? 0;
  });
  socket.on('data', (data) => {
    answer += data;
  });
  socket.write('?');
  await within(once(socket, 'close'), 'the end of the TLS connection');
  return { answer, localPort };
}

describe.skipIf(!HAPROXY)('with haproxy in front', () => {
  contract('a server', (rig) => {
    it.each([
      ['send-proxy', { version: 1 }],
      ['send-proxy-v2', { version: 2, kind: 'stream' }],
      ['send-proxy-v2 proxy-v2-options crc32c,unique-id', { version: 2 }],
    ])('has the client’s address: %s', async (option, expected) => {
      const mirror = new Mirror();
      const backend = mirror.serve(rig);
      const port = await startHAProxy(rig, files, 'tcp', `127.0.0.1:${backend} ${option}`);
      const { answer, localPort } = await ask(rig, port);
      expect(answer).toBe(`127.0.0.1:${localPort} to 127.0.0.1:${port}`);
      expect(mirror.headers).toMatchObject([{ command: 'PROXY', ...expected }]);
    });

    it('is checked with LOCAL headers', async () => {
      const mirror = new Mirror();
      const backend = mirror.serve(rig);
      const server = `127.0.0.1:${backend} send-proxy-v2 check inter 20ms`;
      await startHAProxy(rig, files, 'tcp', server);
      await mirror.pulse.until(() => mirror.headers.length >= 2, 'two checks');
      expect(mirror.headers[0]).toMatchObject({ command: 'LOCAL', source: undefined });
    });

    it('receives the facts of TLS that haproxy has ended', async () => {
      const { certificate, key } = await authority.issue('front.example', {
        names: ['front.example'],
      });
      const pem = files.identity('front', { certificate, key });
      const mirror = new Mirror();
      const backend = mirror.serve(rig);
      const fields = 'ssl,cert-cn,ssl-cipher,cert-sig,cert-key,authority,crc32c';
      const server = `127.0.0.1:${backend} send-proxy-v2 proxy-v2-options ${fields}`;
      const bind = `ssl crt ${pem} alpn http/1.1`;
      const port = await startHAProxy(rig, files, 'tcp', server, bind);
      const socket = connectTLS({
        host: '127.0.0.1',
        port,
        ca: authority.certificate,
        servername: 'front.example',
        ALPNProtocols: ['http/1.1'],
      });
      socket.end('?');
      let answer = '';
      socket.on('data', (data) => {
        answer += data;
      });
      await within(once(socket, 'close'), 'the end of the TLS connection');
      expect(answer).toContain(`to 127.0.0.1:${port}`);
      const [header] = mirror.headers;
      expect(header).toMatchObject({
        authority: 'front.example',
        ssl: {
          overTLS: true,
          certificateInConnection: false,
          verified: false,
          version: 'TLSv1.3',
          cipher: expect.stringMatching(/^TLS_/),
        },
      });
    });

    it('does TLS behind the header', async () => {
      const port = await startHAProxy(
        rig,
        files,
        'tcp',
        `127.0.0.1:${await serveTLS(rig)} send-proxy-v2`,
      );
      const { answer, localPort } = await askOverTLS(port);
      expect(answer).toBe(`127.0.0.1:${localPort} to 127.0.0.1:${port}`);
    });
  });
});

describe.skipIf(!NGINX_STREAM)('with nginx in front', () => {
  contract('a server', (rig) => {
    async function startProxy(backend: number): Promise<number> {
      const port = await closedPort();
      const nginx = await startNginx(
        files,
        `
        stream {
          server {
            listen 127.0.0.1:${port};
            proxy_pass 127.0.0.1:${backend};
            proxy_protocol on;
          }
        }`,
      );
      rig.use(nginx);
      return port;
    }

    it('has the client’s address', async () => {
      const mirror = new Mirror();
      const port = await startProxy(mirror.serve(rig));
      const { answer, localPort } = await ask(rig, port);
      expect(answer).toBe(`127.0.0.1:${localPort} to 127.0.0.1:${port}`);
      expect(mirror.headers).toMatchObject([{ command: 'PROXY', version: 1 }]);
    });

    it('does TLS behind the header', async () => {
      const port = await startProxy(await serveTLS(rig));
      const { answer, localPort } = await askOverTLS(port);
      expect(answer).toBe(`127.0.0.1:${localPort} to 127.0.0.1:${port}`);
    });
  });
});

describe.skipIf(!NGINX)('with nginx behind', () => {
  contract('a client', (rig) => {
    it.each<ProxyHeaderOptions>([{ version: 1 }, { version: 2 }, { checksum: true, alpn: 'h2' }])(
      'tells its own client’s address: %j',
      async (options) => {
        const port = await closedPort();
        const facts = '$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr';
        const server = `listen 127.0.0.1:${port} proxy_protocol;
          location / { return 200 "${facts}"; }`;
        await using _nginx = await startNginx(files, nginxHTTP(files, server));
        const client = new Recorder({
          connectionMade: (self) => self.transport.write('GET / HTTP/1.0\r\n\r\n'),
        });
        const factory = new ProxyProtocolClientFactory(() => client, {
          source: new IPv4Address('TCP', '203.0.113.9', 4711),
          destination: new IPv4Address('TCP', '198.51.100.1', 80),
          ...options,
        });
        rig.reactor.connectTCP('127.0.0.1', port, factory);
        await client.lost();
        expect(client.text).toContain('200 OK');
        expect(client.text).toMatch(/203\.0\.113\.9 4711 198\.51\.100\.1$/);
      },
    );
  });
});

describe.skipIf(!CURL)('with curl --haproxy-protocol', () => {
  contract('a server', (rig) => {
    it('has the address that curl sends', async () => {
      const mirror = new Mirror();
      const answer: FactoryLike = () => ({
        connectionMade: (transport: Transport) => {
          const header = proxyHeaderOf(transport);
          if (header !== undefined) mirror.headers.push(header);
        },
        dataReceived: (_data: Buffer, transport: Transport) => {
          transport.write(`HTTP/1.0 200 OK\r\n\r\n${transport.getPeer()}`);
          transport.loseConnection();
        },
      });
      const port = mirror.serve(rig, answer);
      const url = `http://127.0.0.1:${port}/`;
      await using curl = new PeerProgram('curl', ['--silent', '--haproxy-protocol', url]);
      await curl.end();
      expect(curl.stdout).toMatch(/^127\.0\.0\.1:\d+$/);
      expect(mirror.headers).toMatchObject([{ version: 1, command: 'PROXY' }]);
    });
  });
});
