/** HAProxy and nginx in front of Ropewalk, nginx behind it, and curl as a client that sends the header. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { hasProgram, PeerProgram } from '../support/peers.js';
import { closedPort, RawPeer } from '../support/raw-peer.js';
import { Recorder } from '../support/recorder.js';

const [HAPROXY, NGINX, CURL] = ['haproxy', 'nginx', 'curl'].map(hasProgram);
for (const [name, found] of Object.entries({ HAPROXY, NGINX, CURL })) {
  if (!found) console.warn(`skipped: there is no ${name.toLowerCase()} here`);
}

const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';
const NGINX_STREAM = NGINX && existsSync(STREAM_MODULE);
if (NGINX && !NGINX_STREAM) console.warn(`skipped: there is no ${STREAM_MODULE} here`);

const authority = await Authority.make();
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
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

/** HAProxy, whose listening socket is open before it starts, so that nobody has to wait for it. */
async function startHAProxy(rig: Rig, server: string, bind = ''): Promise<number> {
  const front = createServer().listen(0, '127.0.0.1');
  await once(front, 'listening');
  const { port } = front.address() as { port: number };
  const { fd } = (front as unknown as { _handle: { fd: number } })._handle;
  const file = join(folder, 'haproxy.cfg');
  const timeouts = ['connect', 'client', 'server'].map((name) => `  timeout ${name} 10s`);
  const lines = ['defaults', '  mode tcp', ...timeouts, 'listen front', `  bind fd@3 ${bind}`];
  writeFileSync(file, `${[...lines, `  server app ${server}`].join('\n')}\n`);
  const child = spawn('haproxy', ['-db', '-q', '-f', file], {
    stdio: ['ignore', 'ignore', 'inherit', fd],
  });
  front.close();
  rig.use({
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await within(ended, 'haproxy to end');
    },
  });
  return port;
}

/** nginx, once it listens. @param blocks Its configuration, without that of the process. */
async function startNginx(blocks: string): Promise<PeerProgram> {
  const config = `${NGINX_STREAM ? `load_module ${STREAM_MODULE};` : ''} daemon off; master_process off; pid ${folder}/pid; error_log stderr notice;
    events {} ${blocks}`;
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, config);
  const nginx = new PeerProgram('nginx', ['-p', folder, '-c', file]);
  await nginx.until(() => nginx.stderr.includes('OS:'), 'to start');
  return nginx;
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
      const port = await startHAProxy(rig, `127.0.0.1:${backend} ${option}`);
      const { answer, localPort } = await ask(rig, port);
      expect(answer).toBe(`127.0.0.1:${localPort} to 127.0.0.1:${port}`);
      expect(mirror.headers).toMatchObject([{ command: 'PROXY', ...expected }]);
    });

    it('is checked with LOCAL headers', async () => {
      const mirror = new Mirror();
      const backend = mirror.serve(rig);
      const server = `127.0.0.1:${backend} send-proxy-v2 check inter 20ms`;
      await startHAProxy(rig, server);
      await mirror.pulse.until(() => mirror.headers.length >= 2, 'two checks');
      expect(mirror.headers[0]).toMatchObject({ command: 'LOCAL', source: undefined });
    });

    it('receives the facts of TLS that haproxy has ended', async () => {
      const { certificate, key } = await authority.issue('front.example', {
        names: ['front.example'],
      });
      const pem = join(folder, 'front.pem');
      writeFileSync(pem, `${certificate}\n${key}\n`);
      const mirror = new Mirror();
      const backend = mirror.serve(rig);
      const fields = 'ssl,cert-cn,ssl-cipher,cert-sig,cert-key,authority,crc32c';
      const server = `127.0.0.1:${backend} send-proxy-v2 proxy-v2-options ${fields}`;
      const bind = `ssl crt ${pem} alpn http/1.1`;
      const port = await startHAProxy(rig, server, bind);
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
      const port = await startHAProxy(rig, `127.0.0.1:${await serveTLS(rig)} send-proxy-v2`);
      const { answer, localPort } = await askOverTLS(port);
      expect(answer).toBe(`127.0.0.1:${localPort} to 127.0.0.1:${port}`);
    });
  });
});

describe.skipIf(!NGINX_STREAM)('with nginx in front', () => {
  contract('a server', (rig) => {
    async function startProxy(backend: number): Promise<number> {
      const port = await closedPort();
      const nginx = await startNginx(`
        stream {
          server {
            listen 127.0.0.1:${port};
            proxy_pass 127.0.0.1:${backend};
            proxy_protocol on;
          }
        }`);
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
        const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
          .map((name) => `${name}_temp_path ${folder};`)
          .join(' ');
        const facts = '$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr';
        await using _nginx = await startNginx(`
          http {
            access_log off; ${temporary}
            server {
              listen 127.0.0.1:${port} proxy_protocol;
              location / { return 200 "${facts}"; }
            }
          }`);
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
